// Names files and users, and so, alone in this folder, asks the system.
#include "config/check.hpp"

#include <arpa/inet.h>
#include <grp.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "config/units.hpp"

namespace wsinetd::config {
namespace {

using Errors = std::vector<std::string>;

bool is_address(const std::string& text) {
    in6_addr ignored{};
    return ::inet_pton(AF_INET, text.c_str(), &ignored) == 1 || ::inet_pton(AF_INET6, text.c_str(), &ignored) == 1;
}

/// What a word for several addresses stands for.
std::vector<std::string> expanded(const std::string& address) {
    if (address == "*") return {"0.0.0.0", "::"};
    if (address == "localhost") return {"127.0.0.1", "::1"};
    return {};
}

/// In the network's order: 4 of IPv4, 16 of IPv6, or none.
std::string bytes_of(const std::string& address) {
    std::string bytes(sizeof(in6_addr), '\0');
    if (::inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) return bytes;
    bytes.resize(sizeof(in_addr));
    return ::inet_pton(AF_INET, address.c_str(), bytes.data()) == 1 ? bytes : std::string();
}

/// What is named twice, or is one of all addresses that are named besides, would find its port taken.
void drop_repeated(std::vector<std::string>& addresses) {
    const auto stands_for_all = [](const std::string& bytes) { return bytes.find_first_not_of('\0') == bytes.npos; };
    std::set<std::size_t> families;  // those with all their addresses, by the size of one
    for (const std::string& address : addresses)
        if (stands_for_all(bytes_of(address))) families.insert(bytes_of(address).size());
    std::set<std::string> seen;
    std::erase_if(addresses, [&](const std::string& address) {
        const std::string bytes = bytes_of(address);
        return (families.contains(bytes.size()) && !stands_for_all(bytes)) || !seen.insert(bytes).second;
    });
}

void check_addresses(Config& config, Errors& errors) {
    std::vector<std::string> addresses;
    for (const std::string& address : config.addresses) {
        const std::vector<std::string> pair = expanded(address);
        addresses.insert(addresses.end(), pair.begin(), pair.end());
        config.spare_addresses.insert(config.spare_addresses.end(), pair.begin(), pair.end());
        if (is_address(address))
            addresses.push_back(address);
        else if (pair.empty())
            errors.push_back("--address: \"" + address + "\" is not an address (IPv4, IPv6, localhost or *)");
    }
    drop_repeated(addresses);
    config.addresses = std::move(addresses);
}

void check_unix_socket(const std::string& option, const std::string& path, Errors& errors) {
    if (path.empty()) return;
    if (path.size() >= sizeof(sockaddr_un::sun_path))
        errors.push_back(option + ": the path is too long (" + std::to_string(path.size()) + " bytes; at most " +
                         std::to_string(sizeof(sockaddr_un::sun_path) - 1) + ")");
    const auto slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR))
        errors.push_back(option + ": the directory \"" + folder + "\" does not exist");
    else if (::stat(folder.c_str(), &status) == 0 && !S_ISDIR(status.st_mode))
        errors.push_back(option + ": \"" + folder + "\" is not a directory");
    else if (::lstat(path.c_str(), &status) == 0 && !S_ISSOCK(status.st_mode))
        errors.push_back(option + ": \"" + path + "\" is there already and no socket");
}

std::string absolute(const std::string& path) {
    std::error_code error;
    const std::filesystem::path result = std::filesystem::absolute(path, error);
    return error ? path : result.lexically_normal().string();
}

enum class Finding { usable, missing, unreachable, directory, not_a_file, not_executable };

Finding look_at(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return errno == EACCES ? Finding::unreachable : Finding::missing;
    if (S_ISDIR(status.st_mode)) return Finding::directory;
    if (!S_ISREG(status.st_mode)) return Finding::not_a_file;
    return ::access(path.c_str(), X_OK) == 0 ? Finding::usable : Finding::not_executable;
}

/// As execvp looks: a name with a slash is a path, any other is searched for in PATH.
std::string find_program(const std::string& name, Finding& finding) {
    if (name.find('/') != std::string::npos) {
        finding = look_at(name);
        return absolute(name);
    }
    const char* const variable = std::getenv("PATH");
    std::string path = variable ? variable : "/usr/local/bin:/usr/bin:/bin";
    finding = Finding::missing;
    for (std::size_t begin = 0; begin <= path.size();) {
        const auto end = std::min(path.find(':', begin), path.size());
        const std::string folder = end == begin ? "." : path.substr(begin, end - begin);
        const Finding here = look_at(folder + "/" + name);
        if (here == Finding::usable) {
            finding = here;
            return absolute(folder + "/" + name);
        }
        if (here == Finding::not_executable) finding = here;
        begin = end + 1;
    }
    return {};
}

void check_command(Endpoint& endpoint, Errors& errors) {
    if (endpoint.command.empty()) return;
    const std::string& name = endpoint.command.front();
    const bool in_path = name.find('/') == std::string::npos;
    Finding finding = Finding::missing;
    endpoint.program = find_program(name, finding);
    switch (finding) {
        case Finding::usable: return;
        case Finding::missing:
            errors.push_back("the command \"" + name + "\" does not exist" +
                             (in_path ? " in PATH (a program of this directory is ./" + name + ")" : ""));
            return;
        case Finding::unreachable:
            errors.push_back("the command \"" + name + "\" is in a directory that may not be entered");
            return;
        case Finding::directory: errors.push_back("the command \"" + name + "\" is a directory, not a program"); return;
        case Finding::not_a_file: errors.push_back("the command \"" + name + "\" is not a file"); return;
        case Finding::not_executable:
            errors.push_back("the command \"" + name + "\" may not be executed (chmod +x would allow it)");
            return;
    }
}

/// Makes `path` absolute; empty stays empty.
void check_directory(std::string_view option, std::string& path, Errors& errors) {
    if (path.empty()) return;
    struct stat status {};
    const std::string named = "--" + std::string(option) + ": \"" + path + "\"";
    if (::stat(path.c_str(), &status) != 0)
        errors.push_back(named + " does not exist");
    else if (!S_ISDIR(status.st_mode))
        errors.push_back(named + " is not a directory");
    else if (::access(path.c_str(), X_OK) != 0)
        errors.push_back(named + " may not be entered (chmod +x would allow it)");
    else
        path = absolute(path);
}

/// Where coreutils put it, on Debian and elsewhere.
constexpr const char* stdbuf_libraries[] = {"/usr/libexec/coreutils/libstdbuf.so", "/usr/lib/coreutils/libstdbuf.so",
                                            "/usr/local/libexec/coreutils/libstdbuf.so"};

/// In front of what --env defines, so that it wins; a library that it preloads is kept.
void check_unbuffer(Endpoint& endpoint, Errors& errors) {
    if (endpoint.unbuffer == Unbuffer::off) return;
    const auto* const library =
        std::ranges::find_if(stdbuf_libraries, [](const char* path) { return ::access(path, R_OK) == 0; });
    if (library == std::end(stdbuf_libraries)) {
        errors.emplace_back("--unbuffer line needs stdbuf's library, libstdbuf.so of coreutils, which is not here");
        return;
    }
    for (std::string& entry : endpoint.env)
        if (entry.starts_with("LD_PRELOAD=")) entry.insert(entry.find('=') + 1, std::string(*library) + ":");
    endpoint.env.insert(endpoint.env.begin(),
                        {std::string("LD_PRELOAD=") + *library, "_STDBUF_O=L", "PYTHONUNBUFFERED=1"});
}

void check_both(const Endpoint& endpoint, Errors& errors) {
    if (endpoint.path.empty() && !endpoint.command.empty() && !endpoint.dir.empty())
        errors.push_back("--dir and the command \"" + endpoint.command.front() +
                         "\" both want every path: give one of them");
}

void check_served(Config& config, Errors& errors) {
    if (config.dev_console && config.endpoints.empty() && !config.may_be_empty)
        errors.emplace_back("--dev-console needs something to try: a command or --dir");
    check_directory("static-dir", config.static_dir, errors);
    check_directory("cgi-dir", config.cgi_dir, errors);
}

struct User {
    unsigned number;
    std::optional<unsigned> group;
    std::string name;  ///< empty: a number without an entry, and so without a group
};

std::optional<User> find_user(const std::string& text) {
    const passwd* entry = ::getpwnam(text.c_str());
    const auto number = parse_number(text, 0xfffffffeU);
    if (!entry && number) entry = ::getpwuid(static_cast<uid_t>(*number));
    if (entry) return User{entry->pw_uid, entry->pw_gid, entry->pw_name};
    if (number) return User{static_cast<unsigned>(*number), {}, ""};
    return {};
}

std::optional<unsigned> find_group(const std::string& text) {
    if (const group* entry = ::getgrnam(text.c_str())) return entry->gr_gid;
    if (const auto number = parse_number(text, 0xfffffffeU)) return static_cast<unsigned>(*number);
    return {};
}

std::vector<unsigned> supplementary_groups(const User& user, unsigned group) {
    if (user.name.empty()) return {group};
    int count = 64;
    std::vector<gid_t> groups(static_cast<std::size_t>(count));
    while (::getgrouplist(user.name.c_str(), group, groups.data(), &count) < 0)
        groups.resize(static_cast<std::size_t>(count));
    groups.resize(static_cast<std::size_t>(count));
    return {groups.begin(), groups.end()};
}

void check_identity(Endpoint& endpoint, Errors& errors) {
    if (endpoint.user.empty() && endpoint.group.empty()) return;
    const std::size_t before = errors.size();
    const char* const option = endpoint.user.empty() ? "--group" : "--user";
    if (::geteuid() != 0)
        errors.push_back(std::string(option) + ": only a server started as root can change to another");
    std::optional<User> user = User{::geteuid(), ::getegid(), ""};
    if (!endpoint.user.empty()) user = find_user(endpoint.user);
    if (!user) errors.push_back("--user: there is no user \"" + endpoint.user + "\"");
    std::optional<unsigned> group;
    if (!endpoint.group.empty()) {
        group = find_group(endpoint.group);
        if (!group) errors.push_back("--group: there is no group \"" + endpoint.group + "\"");
    }
    if (user && !user->group && endpoint.group.empty())
        errors.push_back("--user: the user " + endpoint.user + " has no entry and so no group; --group would name one");
    if (errors.size() > before) return;
    const unsigned primary = group ? *group : *user->group;
    endpoint.identity = Identity{user->number, primary, supplementary_groups(*user, primary)};
}

void check_framing(const Endpoint& endpoint, Errors& errors) {
    if (endpoint.stderr_mode != StderrMode::tagged) return;
    const auto complain = [&](std::string_view framing) {
        errors.push_back("--stderr tagged needs lines: it does not go with --framing " + std::string(framing));
    };
    switch (endpoint.framing) {
        case framing::Kind::lines:
        case framing::Kind::null: return;
        case framing::Kind::content_length: return complain("content-length");
        case framing::Kind::jsonl: return complain("jsonl, whose clients expect the command's own JSON");
        case framing::Kind::raw: return complain("raw or --binary");
    }
}

/// Whether the server has it: capabilities(7).
bool has_capability(unsigned number) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("CapEff:")) return (std::strtoull(line.c_str() + 7, nullptr, 16) >> number & 1U) != 0;
    return ::geteuid() == 0;
}

/// The most descriptors that any process may have (fs.nr_open), which not even root goes beyond.
std::uint64_t most_descriptors() {
    std::ifstream file("/proc/sys/fs/nr_open");
    std::uint64_t number = infinity;
    file >> number;
    return file ? number : infinity;
}

/// What would make every start fail.
void check_limits(const Limits& limits, Errors& errors) {
    struct Row {
        std::string_view option;
        int resource;
        const std::optional<Limit>& wanted;
        Measure measure;
    };
    constexpr unsigned sys_nice = 23;
    constexpr unsigned sys_resource = 24;
    const bool may_raise = has_capability(sys_resource);
    for (const Row& row : {Row{"limit-memory", RLIMIT_AS, limits.memory, Measure::bytes},
                           Row{"limit-cpu", RLIMIT_CPU, limits.cpu, Measure::seconds},
                           Row{"limit-nofile", RLIMIT_NOFILE, limits.descriptors, Measure::count},
                           Row{"limit-nproc", RLIMIT_NPROC, limits.processes, Measure::count},
                           Row{"limit-core", RLIMIT_CORE, limits.core, Measure::bytes}}) {
        rlimit here{};
        if (!row.wanted || ::getrlimit(static_cast<__rlimit_resource_t>(row.resource), &here) != 0) continue;
        const std::string wanted = format_limit(*row.wanted, row.measure);
        const std::uint64_t most = row.resource == RLIMIT_NOFILE ? most_descriptors() : infinity;
        if (row.wanted->hard > here.rlim_max && !may_raise)
            errors.push_back("--" + std::string(row.option) + ": the hard limit of " + wanted +
                             " is above the server's own, " +
                             format_limit({here.rlim_max, here.rlim_max}, row.measure) +
                             ", which only root (CAP_SYS_RESOURCE) may raise");
        else if (row.wanted->hard > most)
            errors.push_back("--" + std::string(row.option) + ": the hard limit of " + wanted +
                             " is above what the kernel allows (fs.nr_open, " + std::to_string(most) + ")");
    }
    rlimit urgency{};
    ::getrlimit(RLIMIT_NICE, &urgency);
    const int least = 20 - static_cast<int>(std::min<rlim_t>(urgency.rlim_cur, 40));
    if (limits.nice && *limits.nice < std::min(least, ::getpriority(PRIO_PROCESS, 0)) && !has_capability(sys_nice))
        errors.push_back(
            "--nice: only root (CAP_SYS_NICE) may make commands more urgent than the server, whose level is " +
            std::to_string(::getpriority(PRIO_PROCESS, 0)));
}

/// Of a file that is read whole, also again at SIGHUP: nothing that could keep us waiting.
std::optional<std::string> read_file(std::string_view option, const std::string& path, Errors& errors) {
    const std::string named = "--" + std::string(option) + ": \"" + path + "\"";
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
        errors.push_back(named + (errno == ENOENT ? " does not exist" : " cannot be read"));
        return std::nullopt;
    }
    std::ifstream file(path);
    if (!S_ISREG(status.st_mode) || !file) {
        errors.push_back(named + (S_ISREG(status.st_mode) ? " cannot be read" : " is not a file"));
        return std::nullopt;
    }
    return std::string(std::istreambuf_iterator<char>(file), {});
}

template <typename File>
std::shared_ptr<const File> load(std::string_view option, const std::string& path, Errors& errors) {
    if (path.empty()) return nullptr;
    const auto text = read_file(option, path, errors);
    if (!text) return nullptr;
    auto parsed = File::parse(*text);
    if (auto* file = std::get_if<File>(&parsed)) return std::make_shared<const File>(std::move(*file));
    for (const std::string& wrong : std::get<http::FileErrors>(parsed))
        errors.push_back("--" + std::string(option) + ": " + path + ": " + wrong);
    return nullptr;
}

/// Reads its files: the function to call for each endpoint, at the start and at SIGHUP.
void check_authentication(Authentication& authentication, const Config& config, Errors& errors) {
    authentication.passwords = load<http::PasswordFile>("auth-basic", authentication.password_file, errors);
    authentication.tokens = load<http::TokenFile>("auth-token-file", authentication.token_file, errors);
    if (!authentication.header.empty() && config.trusted_proxies.empty())
        errors.emplace_back("--auth-header needs --trusted-proxy: anybody can send a header");
    if (authentication.command.empty()) return;
    const std::string& name = authentication.command.front();
    Finding finding = Finding::missing;
    authentication.program = find_program(name, finding);
    if (finding != Finding::usable) errors.push_back("--auth-command: \"" + name + "\" is no program that can be run");
}

/// Which sockets a service manager hands over shows only when it does.
void check_proxy_protocol(const Config& config, Errors& errors) {
    if (config.accept_fd || std::getenv("LISTEN_FDS") != nullptr) return;
    for (const std::string& each : config.proxy_protocol) {
        if (each == "unix" && config.unix_socket.empty())
            errors.emplace_back("--proxy-protocol: unix needs --unix-socket");
        if (each != "tcp" && each != "unix" && std::ranges::find(config.addresses, each) == config.addresses.end())
            errors.push_back("--proxy-protocol: \"" + each + "\" is none of the addresses listened on (--address)");
    }
}

/// Which options go together; what is in the files is for who reads them.
void check_tls(const Config& config, Errors& errors) {
    const std::vector<std::string>& certificates = config.tls_certificates;
    const std::vector<std::string>& keys = config.tls_keys;
    const bool certificate = !certificates.empty();
    const bool key = !keys.empty();
    const std::string in_pairs = " (the first key is the first certificate's, the second the second's, and so on)";
    for (std::size_t i = keys.size(); key && i < certificates.size(); ++i)
        errors.push_back("--tls-cert: \"" + certificates[i] + "\" has no --tls-key" + in_pairs);
    for (std::size_t i = certificates.size(); certificate && i < keys.size(); ++i)
        errors.push_back("--tls-key: \"" + keys[i] + "\" has no --tls-cert" + in_pairs);
    if (certificate && !key) errors.emplace_back("--tls-cert needs --tls-key, the file with its private key");
    if (key && !certificate) errors.emplace_back("--tls-key needs --tls-cert, the file with its certificate");
    if (certificate || key) {
        // The missing half has been named.
    } else if (config.tls_wanted) {
        errors.emplace_back("--ssl needs --tls-cert and --tls-key, the files with certificate and key");
    } else {
        for (const auto& [given, option] : {std::pair(!config.tls_client_ca.empty(), "--tls-client-ca"),
                                            std::pair(config.redirect_port.has_value(), "--redirect-port")})
            if (given) errors.push_back(std::string(option) + " needs TLS: --tls-cert and --tls-key");
    }
    if (config.tls() && config.redirect_port == config.port && config.port != 0)
        errors.push_back("--redirect-port and --port are both " + std::to_string(config.port) +
                         "; one must be another");
}

/// What is wrong with something that endpoints have in common is told once.
void drop_repetitions(Errors& errors) {
    for (auto each = errors.begin(); each != errors.end();)
        each = std::find(errors.begin(), each, *each) == each ? each + 1 : errors.erase(each);
}

}  // namespace

std::string located(std::string error, const Places& places) {
    constexpr std::string_view the_command = "the command ";
    if (error.starts_with(the_command)) {
        const auto place = places.find("command");
        return place == places.end() ? error : place->second + ": " + error;
    }
    if (!error.starts_with("--")) return error;
    const std::string name = error.substr(2, error.find_first_of(" :", 2) - 2);
    const auto place = places.find(name);
    return place == places.end() ? error : place->second + ": " + error.substr(2);
}

std::vector<std::string> check(Config& config) {
    Errors all;
    const auto collect = [&all](const Places& places, const auto& checks) {
        Errors errors;
        checks(errors);
        for (std::string& error : errors) all.push_back(located(std::move(error), places));
    };
    std::vector<Endpoint*> endpoints{&config.common};
    for (Endpoint& endpoint : config.endpoints) endpoints.push_back(&endpoint);
    collect(config.places, [&](Errors& errors) {
        check_addresses(config, errors);
        check_unix_socket("--unix-socket", config.unix_socket, errors);
        if (config.admin) check_unix_socket("--admin", config.admin->unix_socket, errors);
        check_tls(config, errors);
        check_proxy_protocol(config, errors);
    });
    for (Endpoint* const endpoint : endpoints)
        collect(endpoint->places, [&](Errors& errors) {
            check_framing(*endpoint, errors);
            check_command(*endpoint, errors);
            check_directory("cwd", endpoint->cwd, errors);
            check_both(*endpoint, errors);
            check_directory("dir", endpoint->dir, errors);
        });
    collect(config.places, [&](Errors& errors) { check_served(config, errors); });
    for (Endpoint* const endpoint : endpoints)
        collect(endpoint->places, [&](Errors& errors) {
            check_unbuffer(*endpoint, errors);
            check_identity(*endpoint, errors);
            check_limits(endpoint->limits, errors);
            check_authentication(endpoint->authentication, config, errors);
        });
    drop_repetitions(all);
    return all;
}

}  // namespace wsinetd::config
