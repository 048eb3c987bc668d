#include "session/site.hpp"

#include <algorithm>
#include <cassert>
#include <fstream>
#include <iterator>

#include "endpoint/environment.hpp"

extern char** environ;

namespace wsinetd::session {
namespace {

std::vector<const char*> environment_entries() {
    std::vector<const char*> entries;
    for (char** entry = environ; *entry; ++entry) entries.push_back(*entry);
    return entries;
}

/// Each has been judged when it was read.
endpoint::Origins origins_of(const std::vector<std::string>& list) {
    endpoint::Origins origins;
    for (const std::string& each : list) {
        [[maybe_unused]] const auto wrong = origins.add(each);
        assert(!wrong);
    }
    return origins;
}

endpoint::Origins allowed_origins(const config::Config& config) {
    endpoint::Origins origins = origins_of(config.origins);
    origins.any = origins.any || (!config.same_origin && config.origins.empty());
    return origins;
}

std::unique_ptr<Tree> tree_of(const std::string& directory) {
    return directory.empty() ? nullptr : std::make_unique<Tree>(directory);
}

/// The system's own, where it has one.
std::string media_type_table() {
    std::ifstream file("/etc/mime.types");
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Whether it is so of an endpoint, or of what is no endpoint's.
bool somewhere(const config::Config& config, bool (*is_so)(const config::Authentication&)) {
    const auto of = [is_so](const config::Endpoint& endpoint) { return is_so(endpoint.authentication); };
    return of(config.common) || std::ranges::any_of(config.endpoints, of);
}

bool is_wanted(const config::Authentication& authentication) { return authentication.wanted(); }
bool takes_tokens(const config::Authentication& authentication) { return authentication.tokens != nullptr; }

}  // namespace

Site::Site(config::Config checked, std::shared_ptr<const net::TlsContext> certificates, SlotsByPath& slots)
    : config(std::move(checked)),
      tls(std::move(certificates)),
      origins(allowed_origins(config)),
      cgi(tree_of(config.cgi_dir)),
      asks(somewhere(config, is_wanted) || config.max_per_client > 0 || config.max_connect_rate.count > 0 ||
           config.reverse_lookup),
      authenticates(somewhere(config, is_wanted)),
      has_tokens(somewhere(config, takes_tokens)),
      router_(config.endpoints) {
    std::vector<const Tree*> hidden;  // programs are hidden among the files, wherever they lie
    for (const config::Endpoint& endpoint : config.endpoints) {
        served_.push_back(serve(endpoint, slots));
        if (served_.back().programs) hidden.push_back(served_.back().programs.get());
    }
    served_.push_back(serve(config.common, slots));
    if (cgi) hidden.push_back(cgi.get());
    if (!config.static_dir.empty())
        files = std::make_unique<StaticFiles>(config.static_dir, std::move(hidden), media_type_table());
}

Served Site::serve(const config::Endpoint& endpoint, SlotsByPath& slots) const {
    const std::string path = &endpoint == &config.common ? "CGI" : endpoint.path;  // which is no path
    return {&endpoint, endpoint::pass_environment(environment_entries(), endpoint.pass_env),
            endpoint.origins ? origins_of(*endpoint.origins) : origins, tree_of(endpoint.dir),
            slots.at(path, endpoint.max_processes.value_or(0))};
}

void Site::set_limits() const {
    for (const Served& each : served_) each.processes->set_limit(each.endpoint->max_processes.value_or(0));
}

const Served& Site::of(const config::Endpoint& endpoint) const {
    if (&endpoint == &config.common) return served_.back();
    return served_[static_cast<std::size_t>(&endpoint - config.endpoints.data())];
}

std::optional<endpoint::Match> Site::match(const http::Request& request, Found& program) const {
    return router_.match(request, [&](const config::Endpoint& endpoint, std::string_view path) {
        return look_in(of(endpoint).programs.get(), program)(path);
    });
}

}  // namespace wsinetd::session
