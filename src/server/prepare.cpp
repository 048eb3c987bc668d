#include "server/prepare.hpp"

#include <algorithm>
#include <filesystem>

#include "config/asyncapi.hpp"
#include "config/check.hpp"
#include "config/load.hpp"
#include "config/print.hpp"
#include "version.hpp"

namespace wsinetd::server {
namespace {

net::TlsContext::Loaded load_tls(const config::Config& config) {
    if (!config.tls()) return {};
    net::TlsFiles files{{}, config.tls_client_ca};
    const std::size_t pairs = std::min(config.tls_certificates.size(), config.tls_keys.size());
    for (std::size_t i = 0; i < pairs; ++i) files.pairs.push_back({config.tls_certificates[i], config.tls_keys[i]});
    return net::TlsContext::load(files);
}

}  // namespace

Prepared prepare(std::span<const char* const> arguments) {
    Prepared prepared;
    config::Loaded loaded = config::load(arguments);
    prepared.config = std::move(loaded.config);
    prepared.errors = std::move(loaded.errors);
    if (prepared.config.action > config::Action::print_asyncapi) return prepared;
    if (prepared.config.action == config::Action::print_config) {
        std::error_code ignored;
        prepared.printed = config::print(loaded.said, prepared.config, std::filesystem::current_path(ignored).string());
    }
    if (prepared.config.action == config::Action::print_asyncapi)
        prepared.printed = config::asyncapi(prepared.config, version);
    for (std::string& error : config::check(prepared.config)) prepared.errors.push_back(std::move(error));
    net::TlsContext::Loaded tls = load_tls(prepared.config);
    prepared.tls = std::move(tls.context);
    for (std::string& error : tls.errors)
        prepared.errors.push_back(config::located(std::move(error), prepared.config.places));
    return prepared;
}

}  // namespace wsinetd::server
