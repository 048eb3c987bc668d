// What curl makes of files, ranges, conditions and CGI: spec section 2.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "fixtures/server.hpp"

namespace wsinetd::fixtures::curl_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class Curl : public testing::Test {
protected:
    Curl() {
        std::filesystem::create_directories(root);
        std::filesystem::create_directories(folder.path() + "/cgi");
        std::ofstream(root + "/numbers.txt") << "0123456789";
        static_cast<void>(folder.script("cgi/echo.cgi",
                                        "#!/bin/sh\n"
                                        "echo \"Content-Type: text/plain\"; echo \"X-Method: $REQUEST_METHOD\"; echo\n"
                                        "echo \"$CONTENT_TYPE $PATH_INFO\"; cat\n"));
        server.emplace(std::vector<std::string>{"--static-dir", root, "--cgi-dir", folder.path() + "/cgi"});
    }

    /// What `curl OPTIONS` prints for the path.
    std::string curl(const std::string& options, const std::string& path) {
        const std::string line = "curl --silent --show-error --max-time 20 " + options +
                                 " 'http://localhost:" + std::to_string(server->port()) + path + "' 2>&1";
        FILE* const pipe = ::popen(line.c_str(), "r");
        std::string text;
        char piece[4096];
        while (const std::size_t count = std::fread(piece, 1, sizeof piece, pipe)) text.append(piece, count);
        EXPECT_EQ(::pclose(pipe), 0) << line << "\n" << text;
        return text;
    }

    TemporaryFolder folder;
    std::string root = folder.path() + "/files";
    std::optional<Server> server;
};

TEST_F(Curl, FetchesAFileAndAPartOfIt) {
    EXPECT_EQ(curl("", "/numbers.txt"), "0123456789");
    EXPECT_EQ(curl("--range 2-4", "/numbers.txt"), "234");
    EXPECT_EQ(curl("--range -2", "/numbers.txt"), "89");
    EXPECT_EQ(curl("--http1.0", "/numbers.txt"), "0123456789");
    EXPECT_THAT(curl("--head", "/numbers.txt"), AllOf(StartsWith("HTTP/1.1 200 OK"), HasSubstr("Content-Length: 10")));
}

TEST_F(Curl, ResumesADownload) {
    const std::string target = folder.path() + "/target";
    std::ofstream(target) << "01234";
    curl("--continue-at - --output " + target, "/numbers.txt");
    std::ifstream file(target);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "0123456789");
}

TEST_F(Curl, FetchesNothingThatItHas) {
    const std::string tag = folder.path() + "/etag";
    EXPECT_EQ(curl("--etag-save " + tag, "/numbers.txt"), "0123456789");
    EXPECT_EQ(curl("--etag-compare " + tag + " --write-out '%{http_code}'", "/numbers.txt"), "304");
    EXPECT_EQ(curl("--time-cond " + root + "/numbers.txt --write-out '%{http_code}'", "/numbers.txt"), "304");
}

TEST_F(Curl, PostsToAProgramCountedAndInChunks) {
    EXPECT_EQ(curl("--data a=b", "/echo.cgi/path"), "application/x-www-form-urlencoded /path\na=b");
    EXPECT_EQ(curl("--header 'Transfer-Encoding: chunked' --header 'Content-Type: text/x' --data-binary @" + root +
                       "/numbers.txt",
                   "/echo.cgi"),
              "text/x \n0123456789");
    EXPECT_THAT(curl("--include --upload-file " + root + "/numbers.txt", "/echo.cgi"),
                AllOf(HasSubstr("X-Method: PUT"), HasSubstr("0123456789")));
}

TEST_F(Curl, KeepsItsConnectionForAllOfThem) {
    const std::string path = "http://localhost:" + std::to_string(server->port());
    EXPECT_THAT(
        curl("--data x " + path + "/echo.cgi " + path + "/numbers.txt --write-out ' %{num_connects}\\n'", "/none"),
        AllOf(HasSubstr("x 1\n"), HasSubstr(" 0\n")));
}

}  // namespace
}  // namespace wsinetd::fixtures::curl_test
