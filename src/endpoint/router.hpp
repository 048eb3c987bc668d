#pragma once  // From a request's path to the endpoint that serves it (spec section 1; RFC 3875, 4.1.5 and 4.1.13).
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace wsinetd::config {
struct Endpoint;
}

namespace wsinetd::endpoint {

/// A path in two: what named a program, and what is left for the program.
struct SplitPath {
    std::string script_name;
    std::string path_info;
};

/// What there is at a path of a directory of programs.
enum class Step { nothing, directory, program };
/// Asks the disk.
using Look = std::function<Step(std::string_view path)>;

/// The first program on the way along `path`, which begins with '/'. Nothing where the way ends before one, and for the
/// directory itself. A name that something stands behind must be a directory: `look` is asked for each, from the front.
[[nodiscard]] std::optional<SplitPath> find_program(std::string_view path, const Look& look);

/// Who serves a request, and how its path falls in two.
struct Match {
    const config::Endpoint* endpoint;  ///< the configuration's
    std::string script_name;
    std::string path_info;
};

class Router {
public:
    /// One command on every path, or those of a directory, or none. `endpoint` outlives the router and its matches.
    explicit Router(const config::Endpoint& endpoint) : endpoint_(&endpoint) {}

    /// Nothing when no endpoint has that path; `OPTIONS *` asks about the server and none has it. `look` is asked about
    /// the programs of an endpoint's directory; what it has called a program last is the one that was found.
    [[nodiscard]] std::optional<Match> match(const http::Request& request, const Look& look) const;

private:
    const config::Endpoint* endpoint_;
};

}  // namespace wsinetd::endpoint
