#pragma once  // From a request's path to the endpoint that serves it (spec sections 1 and 6; RFC 3875, 4.1.5, 4.1.13).
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

/// Whether it is at this path and no other: named so in the configuration, or a program of a directory.
[[nodiscard]] bool is_at_one_path(const Match& match);

/// Asks the disk about the directory of an endpoint.
using LookIn = std::function<Step(const config::Endpoint& endpoint, std::string_view path)>;

/// Exact paths before those that end in "/*", of these longer before shorter, and at last the endpoint without a path.
/// Whoever comes first has the request: a directory without the program that is asked for does not pass it on.
class Router {
public:
    /// `endpoints` outlive the router and its matches.
    explicit Router(std::span<const config::Endpoint> endpoints);

    /// Nothing when no endpoint has that path; `OPTIONS *` asks about the server and none has it. `look` is asked about
    /// the programs of an endpoint's directory, with the path from there on; what it has called a program last is the
    /// one that was found.
    [[nodiscard]] std::optional<Match> match(const http::Request& request, const LookIn& look) const;

private:
    /// An endpoint that has all paths below one.
    struct Below {
        std::string_view prefix;  ///< "/logs", of "/logs/*"; empty: every path
        const config::Endpoint* endpoint;
    };

    std::map<std::string_view, const config::Endpoint*> exact_;
    std::vector<Below> below_;  ///< longer before shorter
};

}  // namespace wsinetd::endpoint
