// Reads files, and so, beside check, asks the system.
#include "config/load.hpp"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <variant>

#include "config/command_line.hpp"
#include "config/config_file.hpp"

namespace wsinetd::config {
namespace {

/// Which file it is, whatever it is called.
using FileId = std::pair<dev_t, ino_t>;

struct Text {
    std::string text;
    FileId id;
};

/// The text of a file, or why there is none.
std::variant<Text, std::string> read_file(const std::string& path) {
    const auto failure = [] { return std::generic_category().message(errno); };
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return errno == ENOENT ? "does not exist" : "cannot be read: " + failure();
    struct stat status {};
    ::fstat(fd, &status);
    Text result{{}, {status.st_dev, status.st_ino}};
    char piece[16384];
    ssize_t count = 0;
    do {
        count = ::read(fd, piece, sizeof piece);
        if (count > 0) result.text.append(piece, static_cast<std::size_t>(count));
    } while (count > 0 || (count < 0 && errno == EINTR));
    const std::string why = count < 0 ? (errno == EISDIR ? "is a directory" : "cannot be read: " + failure()) : "";
    ::close(fd);
    if (count < 0) return why;
    return result;
}

/// In the order of their names; nothing where a directory cannot be read, for then nobody knows which there are.
std::optional<std::vector<std::string>> files_of(const std::string& pattern) {
    glob_t found{};
    const auto stops_at = [](const char*, int error) { return static_cast<int>(error != ENOENT && error != ENOTDIR); };
    const int result = ::glob(pattern.c_str(), 0, stops_at, &found);
    std::optional<std::vector<std::string>> files;
    if (result == 0) files.emplace(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    if (result == GLOB_NOMATCH) files.emplace();
    ::globfree(&found);
    return files;
}

/// A main file and what it includes.
class Reading {
public:
    explicit Reading(Loaded& loaded) : loaded_(loaded) {}

    void read_main(const std::string& path) {
        auto read = read_file(path);
        if (const auto* const why = std::get_if<std::string>(&read))
            return loaded_.errors.push_back("--config: \"" + path + "\" " + *why);
        const Text& text = std::get<Text>(read);
        read_.insert(text.id);
        ConfigFile file = parse_config_file(text.text, path, Role::main);
        take(file);
        loaded_.said.file = std::move(file.settings);
        loaded_.said.file_command = std::move(file.command);
        loaded_.said.includes = file.has_include;
        for (const Include& include : file.includes) read_all(include);
    }

private:
    void read_all(const Include& include) {
        if (!include.is_pattern) return read_included(include, include.files);
        const auto files = files_of(include.files);
        if (!files)
            return loaded_.errors.push_back(include.place + ": include: \"" + include.files +
                                            "\": a directory of it cannot be read");
        for (const std::string& path : *files) read_included(include, path);
    }

    /// Once, however many patterns it fits.
    void read_included(const Include& include, const std::string& path) {
        auto read = read_file(path);
        if (const auto* const why = std::get_if<std::string>(&read))
            return loaded_.errors.push_back(include.place + ": include: \"" + path + "\" " + *why);
        const Text& text = std::get<Text>(read);
        if (!read_.insert(text.id).second) return;
        ConfigFile file = parse_config_file(text.text, path, Role::included);
        take(file);
    }

    void take(ConfigFile& file) {
        for (std::string& error : file.errors) loaded_.errors.push_back(std::move(error));
        for (SaidEndpoint& endpoint : file.endpoints) {
            const auto [earlier, is_new] = paths_.emplace(endpoint.path, endpoint.place);
            if (!is_new)
                loaded_.errors.push_back(endpoint.place + ": path: \"" + endpoint.path +
                                         "\" is an endpoint already: " + earlier->second);
            else
                loaded_.said.endpoints.push_back(std::move(endpoint));
        }
    }

    Loaded& loaded_;
    std::set<FileId> read_;
    std::map<std::string, std::string> paths_;  ///< of endpoints, and their places
};

/// What would be read and then be of no effect, and what is missing.
void look_for_sense(Loaded& loaded, const std::string& file) {
    const Config& config = loaded.config;
    const bool served = !config.endpoints.empty() || !config.static_dir.empty() || !config.cgi_dir.empty();
    if (!served && file.empty())
        loaded.errors.emplace_back(
            "nothing to serve: give a command (wsinetd [OPTION]... COMMAND [ARGUMENT]...), --dir, --static-dir, "
            "--cgi-dir or --config");
    else if (!served && !config.may_be_empty)
        loaded.errors.push_back(file +
                                ": nothing to serve: it has no [[endpoint]], no static-dir, no cgi-dir and no include");
    const bool has_fallback = !config.endpoints.empty() && config.endpoints.back().path.empty();
    for (const Endpoint& endpoint : config.endpoints)
        if (has_fallback && endpoint.path == "/*")
            loaded.errors.push_back(
                endpoint.places.at("path") +
                ": path: \"/*\" is every path, and leaves none for the command or dir that is given "
                "without a path");
}

}  // namespace

Loaded load(std::span<const char* const> arguments) {
    CommandLine line = parse_command_line(arguments);
    Loaded loaded;
    loaded.action = line.action;
    loaded.errors = std::move(line.errors);
    loaded.said.websocketd = line.websocketd;
    loaded.said.command_line = std::move(line.settings);
    loaded.said.command = {std::move(line.command), {}};
    const bool reads = line.action <= Action::print_asyncapi;
    if (reads && !line.config_file.empty()) Reading(loaded).read_main(line.config_file);
    loaded.config = compose(loaded.said);
    loaded.config.action = loaded.action;
    loaded.config.file = line.config_file;
    loaded.config.reload_pid = line.reload_pid;
    loaded.config.accept_fd = line.accept_fd;
    if (reads && loaded.errors.empty()) look_for_sense(loaded, line.config_file);
    return loaded;
}

}  // namespace wsinetd::config
