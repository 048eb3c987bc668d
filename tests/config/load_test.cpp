// What counts of command line, file and included files, and what --print-config makes of it.
#include "config/load.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "config/check.hpp"
#include "config/print.hpp"

namespace wsinetd::config::load_test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Words = std::vector<std::string>;

class LoadTest : public testing::Test {
protected:
    LoadTest() {
        std::string pattern = testing::TempDir() + "load_XXXXXX";
        folder_ = std::filesystem::canonical(::mkdtemp(pattern.data())).string();
    }
    ~LoadTest() override { std::filesystem::remove_all(folder_); }

    [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }

    std::string file(const std::string& name, const std::string& text) const {
        std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
        std::ofstream(path(name)) << text;
        return path(name);
    }

    /// With w.toml in front of the arguments.
    [[nodiscard]] Loaded load_with(const Words& arguments = {}, const char* program = "wsinetd") const {
        const std::string main = path("w.toml");
        std::vector<const char*> pointers{program, "--config", main.c_str()};
        for (const std::string& argument : arguments) pointers.push_back(argument.c_str());
        return load(pointers);
    }

    [[nodiscard]] Config config_with(const Words& arguments = {}) const {
        Loaded loaded = load_with(arguments);
        EXPECT_THAT(loaded.errors, IsEmpty());
        return std::move(loaded.config);
    }

    /// Errors, with the folder's name left out.
    [[nodiscard]] Words errors_with(const Words& arguments = {}) const {
        Words errors = load_with(arguments).errors;
        for (std::string& error : errors)
            for (auto at = error.find(folder_ + "/"); at != std::string::npos; at = error.find(folder_ + "/"))
                error.erase(at, folder_.size() + 1);
        return errors;
    }

private:
    std::string folder_;
};

const std::string endpoint = "[[endpoint]]\npath = \"/a\"\ncommand = [\"cat\"]\n";

TEST_F(LoadTest, LetsTheCommandLineWinOverTheTopLevelAndTheEndpointOverBoth) {
    file("w.toml",
         "framing = \"null\"\nidle-timeout = 1\nping-interval = 1\nport = 1\n" + endpoint + "framing = \"raw\"\n");
    const Config config = config_with({"--framing", "jsonl", "--idle-timeout", "2", "--port", "2"});
    EXPECT_EQ(config.port, 2);
    EXPECT_EQ(config.common.framing, framing::Kind::jsonl);
    EXPECT_EQ(config.endpoints.at(0).framing, framing::Kind::raw);
    EXPECT_EQ(config.endpoints[0].idle_timeout, 2s);
    EXPECT_EQ(config.endpoints[0].ping_interval, 1s);
    EXPECT_EQ(config.endpoints[0].close_grace, 0s);
}

TEST_F(LoadTest, ReplacesListsAndExtendsTheEnvironment) {
    file("w.toml",
         "address = [\"10.0.0.1\", \"10.0.0.2\"]\nsubprotocol = [\"a\", \"b\"]\nenv = [\"A=1\"]\n"
         "pass-env = [\"X\"]\nheader = [\"X-A: 1\"]\n" +
             endpoint + "subprotocol = [\"d\"]\nenv = [\"A=3\", \"B=4\"]\npass-env = []\n" +
             "[[endpoint]]\npath = \"/b\"\ncommand = [\"cat\"]\n");
    const Config config = config_with({"-a", "10.0.0.3", "--subprotocol", "c", "--env", "A=2", "--header", "X-B: 2"});
    EXPECT_THAT(config.addresses, ElementsAre("10.0.0.3"));
    EXPECT_THAT(config.http_fields, ElementsAre(http::Field{"X-B", "2"}));
    EXPECT_THAT(config.endpoints.at(0).subprotocols, ElementsAre("d"));
    EXPECT_THAT(config.endpoints[0].env, ElementsAre("A=1", "A=2", "A=3", "B=4"));
    EXPECT_THAT(config.endpoints[0].pass_env, IsEmpty());
    EXPECT_THAT(config.endpoints.at(1).subprotocols, ElementsAre("c"));
    EXPECT_THAT(config.endpoints[1].env, ElementsAre("A=1", "A=2"));
    EXPECT_THAT(config.endpoints[1].pass_env, ElementsAre("X"));
}

TEST_F(LoadTest, KeepsTheServersOwnLimitsAndOriginsApartFromAnEndpoints) {
    file("w.toml", "max-processes = 5\norigin = [\"a.example\"]\n" + endpoint +
                       "max-processes = 1\norigin = [\"b.example\"]\n[[endpoint]]\npath = \"/b\"\ncommand = [\"cat\"]\n"
                       "[[endpoint]]\npath = \"/c\"\ncommand = [\"cat\"]\norigin = []\n");
    const Config config = config_with();
    EXPECT_EQ(config.max_processes, 5u);
    EXPECT_THAT(config.origins, ElementsAre("a.example"));
    EXPECT_EQ(config.endpoints.at(0).max_processes, 1u);
    EXPECT_EQ(config.endpoints[0].origins, Words{"b.example"});
    EXPECT_EQ(config.endpoints.at(1).max_processes, std::nullopt);
    EXPECT_EQ(config.endpoints[1].origins, std::nullopt);
    EXPECT_EQ(config.endpoints.at(2).origins, Words{});
}

TEST_F(LoadTest, ServesEveryOtherPathByTheCommandLinesCommandOrTheTopLevels) {
    file("w.toml", endpoint);
    EXPECT_EQ(config_with().endpoints.size(), 1u);
    EXPECT_EQ(config_with({"ls"}).endpoints.at(1).path, "");
    EXPECT_THAT(config_with({"ls", "-l"}).endpoints.at(1).command, ElementsAre("ls", "-l"));
    EXPECT_EQ(config_with({"--dir", "/d"}).endpoints.at(1).dir, "/d");
    EXPECT_EQ(config_with({"--dir", "/d"}).endpoints.at(0).dir, "");
    file("w.toml", "command = [\"tac\"]\n" + endpoint);
    EXPECT_THAT(config_with().endpoints.at(1).command, ElementsAre("tac"));
    EXPECT_THAT(config_with({"ls"}).endpoints.at(1).command, ElementsAre("ls"));
    EXPECT_THAT(config_with({"--dir", "/d"}).endpoints.at(1).command, IsEmpty());
    file("w.toml", "dir = \"/top\"\n");
    EXPECT_EQ(config_with().endpoints.at(0).dir, "/top");
    EXPECT_EQ(config_with({"ls"}).endpoints.at(0).dir, "");
}

TEST_F(LoadTest, RefusesWhatNoPathIsLeftFor) {
    file("w.toml", "[[endpoint]]\npath = \"/*\"\ncommand = [\"cat\"]\n");
    EXPECT_THAT(config_with().endpoints.at(0).path, "/*");
    EXPECT_THAT(errors_with({"ls"}), ElementsAre("w.toml:2:8: path: \"/*\" is every path, and leaves none for the "
                                                 "command or dir that is given without a path"));
}

TEST_F(LoadTest, ReadsIncludedFilesInTheOrderOfTheirNames) {
    file("w.toml", "framing = \"raw\"\ninclude = [\"conf.d/*.toml\", \"none/*.toml\", \"more.toml\"]\n");
    file("conf.d/b.toml", "[[endpoint]]\npath = \"/b\"\ncommand = [\"./b\"]\n");
    file("conf.d/a.toml",
         "framing = \"null\"\n[[endpoint]]\npath = \"/a1\"\ncommand = [\"cat\"]\n"
         "[[endpoint]]\npath = \"/a2\"\ncommand = [\"cat\"]\nframing = \"jsonl\"\n");
    file("conf.d/.hidden.toml", "nonsense");
    file("conf.d/c.toml.bak", "nonsense");
    file("more.toml", "[[endpoint]]\npath = \"/more\"\ncommand = [\"cat\"]\n");
    const Config config = config_with();
    Words paths;
    for (const Endpoint& each : config.endpoints) paths.push_back(each.path);
    EXPECT_THAT(paths, ElementsAre("/a1", "/a2", "/b", "/more"));
    EXPECT_EQ(config.endpoints.at(0).framing, framing::Kind::null);
    EXPECT_EQ(config.endpoints.at(1).framing, framing::Kind::jsonl);
    EXPECT_EQ(config.endpoints.at(2).framing, framing::Kind::raw);
    EXPECT_THAT(config.endpoints[2].command, ElementsAre(path("conf.d/./b")));
    EXPECT_EQ(config_with({"--framing", "lines"}).endpoints.at(0).framing, framing::Kind::lines);
}

TEST_F(LoadTest, ReadsAFileOnceHoweverManyPatternsItFits) {
    file("w.toml", "include = [\"*.toml\", \"x.toml\"]\n" + endpoint);
    file("x.toml", "[[endpoint]]\npath = \"/x\"\ncommand = [\"cat\"]\n");
    EXPECT_EQ(config_with().endpoints.size(), 2u);
}

TEST_F(LoadTest, NamesAFileThatIsNotThere) {
    file("w.toml", "include = \"more.toml\"\n");
    EXPECT_THAT(errors_with(), ElementsAre("w.toml:1:11: include: \"more.toml\" does not exist"));
    file("w.toml", "include = \"conf*\"\n");
    file("conf.d/a", "");
    EXPECT_THAT(errors_with(), ElementsAre("w.toml:1:11: include: \"conf.d\" is a directory"));
}

TEST_F(LoadTest, NamesBothPlacesOfAPathThatIsGivenTwice) {
    file("w.toml", "include = \"a.toml\"\n" + endpoint + "[[endpoint]]\npath = \"/a\"\ncommand = [\"ls\"]\n");
    file("a.toml", endpoint);
    EXPECT_THAT(errors_with(), ElementsAre("w.toml:6:8: path: \"/a\" is an endpoint already: " +
                                               path("w.toml:3:8").substr(path("").size()),
                                           "a.toml:2:8: path: \"/a\" is an endpoint already: w.toml:3:8"));
}

TEST_F(LoadTest, WantsSomethingToServeOrAnInclude) {
    file("w.toml", "port = 1\n");
    EXPECT_THAT(
        errors_with(),
        ElementsAre("w.toml: nothing to serve: it has no [[endpoint]], no static-dir, no cgi-dir and no include"));
    EXPECT_THAT(errors_with({"cat"}), IsEmpty());
    EXPECT_THAT(errors_with({"--static-dir", "/"}), IsEmpty());
    file("w.toml", "include = \"conf.d/*.toml\"\ndev-console = true\n");
    Config config = config_with();
    EXPECT_THAT(config.endpoints, IsEmpty());
    EXPECT_THAT(check(config), IsEmpty());
}

TEST_F(LoadTest, IsNotReadForHelp) {
    file("w.toml", "nonsense");
    EXPECT_THAT(errors_with({"--help"}), IsEmpty());
    EXPECT_EQ(errors_with({"--check"}).size(), 1u);
}

TEST_F(LoadTest, ChecksPointToWhereTheFileSaysIt) {
    file("w.toml", "cwd = \"none\"\nstderr = \"tagged\"\n" + endpoint + "framing = \"raw\"\n" +
                       "[[endpoint]]\npath = \"/b\"\ncommand = [\"./none\"]\ncwd = \"none-too\"\n"
                       "[[endpoint]]\npath = \"/c/*\"\ndir = \"w.toml\"\nstderr = \"log\"\ncwd = \"/\"\n");
    Config config = config_with({"--static-dir", path("www")});
    Words errors = check(config);
    for (std::string& error : errors)
        for (auto at = error.find(path("")); at != std::string::npos; at = error.find(path("")))
            error.erase(at, path("").size());
    EXPECT_THAT(errors,
                ElementsAre("w.toml:1:7: cwd: \"none\" does not exist",
                            "w.toml:2:10: stderr tagged needs lines: it does not go with --framing raw or --binary",
                            "w.toml:9:11: the command \"./none\" does not exist",
                            "w.toml:10:7: cwd: \"none-too\" does not exist",
                            "w.toml:13:7: dir: \"w.toml\" is not a directory", "--static-dir: \"www\" does not exist"));
}

// --print-config.

/// Without what says where it was read.
Config without_places(Config config) {
    config.places.clear();
    config.file.clear();
    config.may_be_empty = false;
    config.common.places.clear();
    for (Endpoint& each : config.endpoints) each.places.clear();
    return config;
}

/// Prints what was loaded, reads it back, and wants the same: before and after `check`, which looks words up.
void expect_round_trip(const Loaded& loaded, const std::string& file) {
    ASSERT_THAT(loaded.errors, IsEmpty());
    const std::string text = print(loaded.said, loaded.config, "");
    std::ofstream(file) << text;
    const std::vector<const char*> arguments{"wsinetd", "--config", file.c_str()};
    Loaded again = load(arguments);
    EXPECT_THAT(again.errors, IsEmpty()) << text;
    EXPECT_EQ(print(again.said, again.config, ""), text);
    Config before = without_places(loaded.config);
    Config after = without_places(again.config);
    before.action = after.action;
    before.log_to_stdout = false;
    if (after.addresses.empty()) after.port = before.port;  // which then nobody listens on
    static_cast<void>(check(before));
    static_cast<void>(check(after));
    EXPECT_TRUE(before == after) << text;
}

/// A value for each option that is no default.
std::string value_for(const Option& option) {
    if (option.takes == Takes::boolean) return option.standard == "on" ? "false" : "true";
    const std::string_view name = option.name;
    if (name == "address") return "10.0.0.1";
    if (name == "unix-socket-mode") return "0600";
    if (name == "origin") return "https://a.example, b.example:8080";
    if (name == "host") return "a.example,[::1]";
    if (name.starts_with("header")) return "X-A: \"b\\c\"\t\xc3\xa9";
    if (name == "framing") return "null";
    if (name == "stderr") return "merge";
    if (name == "eof-message") return "the \"end\"\n\\";
    if (name == "on-binary") return "accept";
    if (name == "unbuffer") return "line";
    if (name == "pass-env") return "A,B_*";
    if (name == "subprotocol") return "chat";
    if (name == "shutdown-code") return "1012";
    if (name == "admin") return "127.0.0.1:9091";
    if (name == "auth-command") return "/bin/true a b";
    if (name == "auth-header") return "X-User";
    if (name == "trusted-proxy") return "10.0.0.0/8,unix,::1";
    if (name == "proxy-protocol") return "tcp,unix";
    if (name == "max-connect-rate") return "10/1m";
    if (name == "env") return "A= b, c=\"d\"";
    if (name == "log-level") return "debug";
    if (name == "log-format") return "json";
    if (option.kind == Kind::number) return "7";
    if (option.kind == Kind::measure) return "1500";
    return "/some/where";
}

TEST_F(LoadTest, PrintsWhatReadsBackTheSameForEveryOption) {
    for (const Option& option : options()) {
        if (option.scope == Scope::command_line) continue;
        std::vector<std::string> words{"wsinetd", "--" + std::string(option.name) + "=" + value_for(option),
                                       "--tls-cert=/c", "--tls-key=/k"};
        if (option.name != "dir") words.emplace_back("cat");
        std::vector<const char*> arguments;
        for (const std::string& word : words) arguments.push_back(word.c_str());
        SCOPED_TRACE(words[1]);
        const Loaded loaded = load(arguments);
        expect_round_trip(loaded, path("back.toml"));
        EXPECT_FALSE(loaded.config ==
                     load(std::vector<const char*>{"wsinetd", "--tls-cert=/c", "--tls-key=/k", "cat"}).config);
    }
}

TEST_F(LoadTest, PrintsWhatReadsBackTheSameForEveryOptionOfAnEndpoint) {
    for (const Option& option : options()) {
        if (option.scope != Scope::endpoint && option.scope != Scope::own) continue;
        if (option.name == "dir") continue;
        std::string value = value_for(option);
        std::string text;
        for (const char c : value) {
            if (c == '"' || c == '\\') text += '\\';
            text += c == '\n' ? "\\n" : std::string(1, c);
        }
        const bool bare = option.takes == Takes::boolean || option.kind == Kind::number || option.kind == Kind::measure;
        const std::string line = std::string(option.name) + " = " + (bare ? value : "\"" + text + "\"") + "\n";
        SCOPED_TRACE(line);
        file("w.toml", endpoint + line + "[[endpoint]]\npath = \"/b/*\"\ndir = \"/d\"\n");
        const Loaded own = load_with();
        expect_round_trip(own, path("back.toml"));
        file("w.toml", line + endpoint + "[[endpoint]]\npath = \"/b/*\"\ndir = \"/d\"\n");
        expect_round_trip(load_with(), path("back.toml"));
        expect_round_trip(load_with({"--framing=raw", "--env", "X=1", "cat"}), path("back.toml"));
    }
}

TEST_F(LoadTest, PrintsWhatReadsBackTheSameUnderTheNameWebsocketd) {
    file("w.toml", endpoint);
    for (const Words& arguments : std::vector<Words>{{},
                                                     {"--host", "a.example"},
                                                     {"--origin", "a.example"},
                                                     {"--tls-cert=/c", "--tls-key=/k"},
                                                     {"--port=1", "--tls-cert=/c", "--tls-key=/k", "cat"},
                                                     {"--unix-socket=/s", "--passstderr"}})
        expect_round_trip(load_with(arguments, "websocketd"), path("back.toml"));
}

TEST_F(LoadTest, PrintsNumbersAsTheFileTakesThem) {
    for (const auto* word : {"--nice=-5", "--max-connections=0100", "--max-connect-rate=10", "--idle-timeout=007"}) {
        SCOPED_TRACE(word);
        expect_round_trip(load(std::vector<const char*>{"wsinetd", word, "cat"}), path("back.toml"));
    }
}

TEST_F(LoadTest, PrintsAConfigurationThatWaitsForIncludedFiles) {
    file("w.toml", "include = \"conf.d/*.toml\"\n");
    expect_round_trip(load_with(), path("back.toml"));
    file("conf.d/a.toml", endpoint);
    expect_round_trip(load_with(), path("back.toml"));
}

TEST_F(LoadTest, CompressesNotWhereThatIsSaidLast) {
    file("w.toml", "compress-takeover = true\n" + endpoint + "compress = false\n[[endpoint]]\npath = \"/b\"\n" +
                       "command = [\"cat\"]\n");
    const Config config = config_with();
    EXPECT_FALSE(config.endpoints.at(0).deflates());
    EXPECT_TRUE(config.endpoints.at(1).deflates());
    EXPECT_FALSE(config_with({"--compress=false"}).endpoints.at(1).deflates());
    expect_round_trip(load_with(), path("back.toml"));
}

TEST_F(LoadTest, LetsAnEndpointDoWithoutTheWaysInAbove) {
    file("w.toml", "auth-basic = \"u\"\nauth-token-file = \"t\"\nauth-command = \"c\"\nauth-header = \"X-U\"\n" +
                       endpoint +
                       "auth-basic = \"\"\nauth-token-file = \"\"\nauth-command = \"\"\nauth-header = \"\"\n");
    EXPECT_FALSE(config_with().endpoints.at(0).authentication.wanted());
    EXPECT_TRUE(config_with().common.authentication.wanted());
    expect_round_trip(load_with(), path("back.toml"));
    file("w.toml", "auth-basic = \"\"\n" + endpoint);
    EXPECT_THAT(errors_with(), ElementsAre("w.toml:1:14: auth-basic: \"\" is not a path"));
}

TEST_F(LoadTest, ReplacesTheHostsOfTheNameWebsocketd) {
    file("w.toml", endpoint);
    EXPECT_THAT(load_with({"--host", "a.example"}, "websocketd").config.hosts, ElementsAre("a.example"));
    EXPECT_THAT(load_with({}, "websocketd").config.hosts, ElementsAre("*"));
}

TEST_F(LoadTest, CountsEveryPathFromTheDirectoryOfItsFile) {
    file("w.toml", "auth-command = \"./ok a/b\"\nadmin = \"unix:admin.sock\"\n" + endpoint);
    const Config config = config_with();
    EXPECT_THAT(config.common.authentication.command, ElementsAre(path("./ok"), "a/b"));
    EXPECT_EQ(config.admin->unix_socket, path("admin.sock"));
    file("w.toml", "auth-command = \"ok ./a\"\nadmin = \"127.0.0.1:0\"\n" + endpoint);
    EXPECT_THAT(config_with().common.authentication.command, ElementsAre("ok", "./a"));
}

TEST_F(LoadTest, IncludesFilesBesideItWhateverItsDirectoryIsCalled) {
    const std::string main = file("a[b]*/w.toml", "include = \"conf.d/*.toml\"\n");
    file("a[b]*/conf.d/a.toml", endpoint);
    EXPECT_EQ(load(std::vector<const char*>{"wsinetd", "--config", main.c_str()}).config.endpoints.size(), 1u);
    file("a[b]*/w.toml", "include = \"missing.toml\"\n");
    EXPECT_EQ(load(std::vector<const char*>{"wsinetd", "--config", main.c_str()}).errors.size(), 1u);
}

TEST_F(LoadTest, TellsADirectoryThatCannotBeReadFromOneThatIsEmpty) {
    file("w.toml", "include = [\"none/*.toml\", \"w.toml/*.toml\"]\n");
    EXPECT_THAT(errors_with(), IsEmpty());
    std::filesystem::create_directory_symlink("loop", path("loop"));
    file("w.toml", "include = \"loop/*/*.toml\"\n");
    EXPECT_THAT(errors_with(),
                ElementsAre("w.toml:1:11: include: \"loop/*/*.toml\": a directory of it cannot be read"));
}

TEST_F(LoadTest, PrintsShorthandsAsWhatTheyStandFor) {
    file("w.toml", "binary = true\nheader-ws = [\"X-A: 1\"]\nheader = [\"X-B: 2\"]\n" + endpoint);
    const Loaded loaded = load_with({"--framing=null"});
    const std::string text = print(loaded.said, loaded.config, "");
    EXPECT_THAT(text, HasSubstr("\nframing = \"null\"\n"));
    EXPECT_THAT(text, HasSubstr("\nheader-ws = [\"X-A: 1\", \"X-B: 2\"]\nheader-http = [\"X-B: 2\"]\n"));
    expect_round_trip(loaded, path("back.toml"));
    expect_round_trip(load_with({"--binary=false"}), path("back.toml"));
    expect_round_trip(load_with({"--framing=jsonl", "--binary"}), path("back.toml"));
}

TEST_F(LoadTest, PrintsNoTcpWhereThereIsNone) {
    for (const Words& arguments : std::vector<Words>{{"--unix-socket=/s"}, {"--unix-socket=/s", "--port=80"}}) {
        file("w.toml", endpoint);
        expect_round_trip(load_with(arguments), path("back.toml"));
    }
}

TEST_F(LoadTest, PrintsPathsThatCountFromAnywhere) {
    file("w.toml", endpoint);
    const Loaded loaded = load_with({"--cwd=data", "--dir=scripts"});
    const std::string text = print(loaded.said, loaded.config, "/here");
    EXPECT_THAT(text, HasSubstr("cwd = \"/here/data\"\n"));
    EXPECT_THAT(text, HasSubstr("dir = \"/here/scripts\"\n"));
}

}  // namespace
}  // namespace wsinetd::config::load_test
