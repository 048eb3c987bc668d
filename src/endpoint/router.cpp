#include "endpoint/router.hpp"

#include "config/config.hpp"

namespace wsinetd::endpoint {

std::optional<SplitPath> find_program(std::string_view path, const Look& look) {
    for (std::size_t end = path.find('/'); end < path.size();) {
        end = std::min(path.find('/', end + 1), path.size());
        const std::string_view name = path.substr(0, end);
        if (name.ends_with('/')) continue;  // an empty name on the way
        switch (look(name)) {
            case Step::nothing: return std::nullopt;
            case Step::directory: break;
            case Step::program: return SplitPath{std::string(name), std::string(path.substr(end))};
        }
    }
    return std::nullopt;
}

std::optional<Match> Router::match(const http::Request& request, const Look& look) const {
    if (!request.path.starts_with('/')) return std::nullopt;
    if (!endpoint_->command.empty()) return Match{endpoint_, "", request.path};
    if (endpoint_->dir.empty()) return std::nullopt;
    auto found = find_program(request.path, look);
    if (!found) return std::nullopt;
    return Match{endpoint_, std::move(found->script_name), std::move(found->path_info)};
}

}  // namespace wsinetd::endpoint
