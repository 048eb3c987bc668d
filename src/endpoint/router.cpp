#include "endpoint/router.hpp"

#include <algorithm>

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

bool is_at_one_path(const Match& match) {
    const config::Endpoint& endpoint = *match.endpoint;
    if (!endpoint.dir.empty()) return match.path_info.empty();
    return !endpoint.path.empty() && !endpoint.path.ends_with("/*");
}

Router::Router(std::span<const config::Endpoint> endpoints) {
    for (const config::Endpoint& endpoint : endpoints) {
        const std::string_view path = endpoint.path;
        if (path.empty())
            below_.push_back({path, &endpoint});
        else if (path.ends_with("/*"))
            below_.push_back({path.substr(0, path.size() - 2), &endpoint});
        else
            exact_.emplace(path, &endpoint);
    }
    // Both "/*" and no path are every path; the one that says so comes first.
    std::ranges::stable_sort(below_, [](const Below& a, const Below& b) {
        return std::pair(a.prefix.size(), a.endpoint->path.size()) >
               std::pair(b.prefix.size(), b.endpoint->path.size());
    });
}

std::optional<Match> Router::match(const http::Request& request, const LookIn& look) const {
    const std::string_view path = request.path;
    if (!path.starts_with('/')) return std::nullopt;
    if (const auto found = exact_.find(path); found != exact_.end()) return Match{found->second, request.path, ""};
    for (const Below& below : below_) {
        const std::string prefix(below.prefix);
        if (!path.starts_with(prefix) || path.substr(prefix.size(), 1) != "/") continue;
        const std::string_view rest = path.substr(prefix.size());
        if (below.endpoint->dir.empty()) return Match{below.endpoint, prefix, std::string(rest)};
        auto found = find_program(rest, [&](std::string_view name) { return look(*below.endpoint, name); });
        if (!found) return std::nullopt;
        return Match{below.endpoint, prefix + found->script_name, std::move(found->path_info)};
    }
    return std::nullopt;
}

}  // namespace wsinetd::endpoint
