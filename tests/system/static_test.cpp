// Spec section 2: files over HTTP.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "fixtures/client.hpp"
#include "fixtures/server.hpp"

namespace wsinetd::fixtures::static_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace fs = std::filesystem;

void write(const std::string& path, const std::string& text) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << text;
}

/// The value of a field; "-" without it.
std::string field(const std::string& head, const std::string& name) {
    const auto begin = head.find("\r\n" + name + ": ");
    if (begin == std::string::npos) return "-";
    const auto start = begin + name.size() + 4;
    return head.substr(start, head.find("\r\n", start) - start);
}

/// A server of files, with a file beside its directory that nobody may have.
class Static : public testing::Test {
protected:
    Static() {
        write(root + "/index.html", "<p>home\n");
        write(root + "/numbers.txt", "0123456789");
        write(root + "/sub/index.html", "<p>sub\n");
        write(root + "/empty/nothing.txt", "");
        write(root + "/.secret", "hidden");
        write(root + "/.git/config", "hidden");
        write(root + "/.well-known/x.txt", "known");
        write(folder.path() + "/outside.txt", "outside");
    }

    void serve(std::vector<std::string> options = {}) {
        options.insert(options.begin(), {"--static-dir", root});
        server.emplace(std::move(options));
    }

    Answer ask(const std::string& target, const std::string& headers = "", const std::string& method = "GET") {
        RawClient client(server->port());
        client.send(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "Connection: close\r\n\r\n");
        Answer answer{client.receive_until("\r\n\r\n"), {}};
        answer.body = client.receive_all();
        return answer;
    }
    int status(const std::string& target, const std::string& headers = "") {
        return status_in(ask(target, headers).head);
    }

    TemporaryFolder folder;
    std::string root = folder.path() + "/root";
    std::optional<Server> server;
};

TEST_F(Static, AFileComesWithItsTypeLengthTagAndDate) {
    serve();
    const Answer answer = ask("/numbers.txt");
    EXPECT_THAT(answer.head, AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("\r\nContent-Length: 10\r\n"),
                                   HasSubstr("\r\nContent-Type: text/plain; charset=utf-8\r\n"),
                                   HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"), HasSubstr("\r\nETag: \""),
                                   HasSubstr("\r\nLast-Modified: "), HasSubstr("\r\nDate: "),
                                   HasSubstr("\r\nAccept-Ranges: bytes\r\n")));
    EXPECT_EQ(answer.body, "0123456789");
}

TEST_F(Static, ADirectoryIsItsIndex) {
    serve();
    EXPECT_EQ(ask("/").body, "<p>home\n");
    EXPECT_EQ(ask("/sub/").body, "<p>sub\n");
    EXPECT_EQ(field(ask("/sub/").head, "Content-Type"), "text/html; charset=utf-8");
}

TEST_F(Static, ADirectoryWithoutItsSlashIsLedThereWithTheQuery) {
    serve();
    const Answer answer = ask("/sub?a=b");
    EXPECT_EQ(status_in(answer.head), 301);
    EXPECT_EQ(field(answer.head, "Location"), "/sub/?a=b");
}

TEST_F(Static, NoRedirectLeadsToAnotherServer) {
    serve();
    for (const char* target : {"//sub", "///sub", "/%2fsub", "/%2f%2fsub"}) {
        const Answer answer = ask(target);
        ASSERT_EQ(status_in(answer.head), 301) << target;
        EXPECT_EQ(field(answer.head, "Location"), "/sub/") << target;
    }
}

TEST_F(Static, ADirectoryWithoutAnIndexIsNotListed) {
    serve();
    EXPECT_EQ(status("/empty/"), 404);
    EXPECT_EQ(status("/empty"), 404);
    EXPECT_EQ(ask("/empty/nothing.txt").body, "");
    EXPECT_EQ(status("/none"), 404);
    EXPECT_EQ(status("/numbers.txt/"), 404);
    EXPECT_EQ(status("/numbers.txt/x"), 404);
}

TEST_F(Static, HeadIsGetWithoutTheBody) {
    serve();
    const Answer answer = ask("/numbers.txt", "", "HEAD");
    EXPECT_THAT(answer.head, AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("\r\nContent-Length: 10\r\n")));
    EXPECT_EQ(answer.body, "");
}

TEST_F(Static, OtherMethodsAreToldWhichThereAre) {
    serve();
    const Answer refused = ask("/numbers.txt", "", "DELETE");
    EXPECT_EQ(status_in(refused.head), 405);
    EXPECT_EQ(field(refused.head, "Allow"), "GET, HEAD, OPTIONS");
    const Answer asked = ask("/numbers.txt", "", "OPTIONS");
    EXPECT_EQ(status_in(asked.head), 204);
    EXPECT_EQ(field(asked.head, "Allow"), "GET, HEAD, OPTIONS");
}

TEST_F(Static, WhatTheClientHasIsNotSentAgain) {
    serve();
    const std::string head = ask("/numbers.txt").head;
    const Answer tagged = ask("/numbers.txt", "If-None-Match: " + field(head, "ETag") + "\r\n");
    EXPECT_EQ(status_in(tagged.head), 304);
    EXPECT_EQ(tagged.body, "");
    EXPECT_EQ(field(tagged.head, "ETag"), field(head, "ETag"));
    EXPECT_EQ(field(tagged.head, "Content-Length"), "-");
    EXPECT_EQ(status("/numbers.txt", "If-Modified-Since: " + field(head, "Last-Modified") + "\r\n"), 304);
    EXPECT_EQ(status("/numbers.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"), 200);
    EXPECT_EQ(status("/numbers.txt", "If-None-Match: \"other\"\r\n"), 200);
    EXPECT_EQ(status("/numbers.txt", "If-Match: \"other\"\r\n"), 412);
}

TEST_F(Static, AFileThatChangesHasAnotherTag) {
    serve();
    const std::string before = field(ask("/numbers.txt").head, "ETag");
    write(root + "/numbers.txt", "abcdefghij");
    EXPECT_NE(field(ask("/numbers.txt").head, "ETag"), before);
}

TEST_F(Static, ARangeIsAPart) {
    serve();
    const Answer part = ask("/numbers.txt", "Range: bytes=2-4\r\n");
    EXPECT_EQ(status_in(part.head), 206);
    EXPECT_EQ(field(part.head, "Content-Range"), "bytes 2-4/10");
    EXPECT_EQ(field(part.head, "Content-Length"), "3");
    EXPECT_EQ(part.body, "234");
    EXPECT_EQ(ask("/numbers.txt", "Range: bytes=-3\r\n").body, "789");
    EXPECT_EQ(ask("/numbers.txt", "Range: bytes=8-\r\n").body, "89");
    const Answer beyond = ask("/numbers.txt", "Range: bytes=10-\r\n");
    EXPECT_EQ(status_in(beyond.head), 416);
    EXPECT_EQ(field(beyond.head, "Content-Range"), "bytes */10");
    EXPECT_EQ(status("/numbers.txt", "Range: bytes=0-1,3-4\r\n"), 200);
    EXPECT_EQ(status("/numbers.txt", "Range: bytes=2-4\r\nIf-Range: \"other\"\r\n"), 200);
}

TEST_F(Static, ACompressedSiblingGoesToWhoTakesIt) {
    write(root + "/numbers.txt.gz", "compressed");
    serve();
    const Answer plain = ask("/numbers.txt");
    EXPECT_EQ(plain.body, "0123456789");
    EXPECT_EQ(field(plain.head, "Vary"), "Accept-Encoding");
    const Answer packed = ask("/numbers.txt", "Accept-Encoding: br, gzip\r\n");
    EXPECT_EQ(packed.body, "compressed");
    EXPECT_EQ(field(packed.head, "Content-Encoding"), "gzip");
    EXPECT_EQ(field(packed.head, "Content-Type"), "text/plain; charset=utf-8");
    EXPECT_NE(field(packed.head, "ETag"), field(plain.head, "ETag"));
    EXPECT_EQ(ask("/numbers.txt", "Accept-Encoding: gzip;q=0\r\n").body, "0123456789");
}

TEST_F(Static, NothingAboveTheDirectoryIsServed) {
    serve();
    for (const char* target :
         {"/../outside.txt", "/sub/../../outside.txt", "/%2e%2e/outside.txt", "/%2e%2e%2foutside.txt",
          "/..%2foutside.txt", "/..%5coutside.txt", "/.%2e/outside.txt", "/%252e%252e/outside.txt",
          "/sub/..%00/outside.txt", "/numbers.txt%00.html", "http://localhost/../outside.txt", "/....//outside.txt",
          "/sub/%2e%2e/%2e%2e/outside.txt", "//../outside.txt", "/./../outside.txt", "/sub/..;/..;/outside.txt"}) {
        const Answer answer = ask(target);
        EXPECT_THAT(status_in(answer.head), testing::AnyOf(400, 404)) << target;
        EXPECT_THAT(answer.body, Not(HasSubstr("outside\n"))) << target;
        EXPECT_NE(answer.body, "outside") << target;
    }
}

TEST_F(Static, NoLinkLeadsOut) {
    fs::create_symlink("../outside.txt", root + "/relative");
    fs::create_symlink(folder.path() + "/outside.txt", root + "/absolute");
    fs::create_directory_symlink("..", root + "/up");
    fs::create_directory_symlink("/", root + "/top");
    fs::create_symlink("numbers.txt", root + "/inside");
    serve();
    for (const char* target : {"/relative", "/absolute", "/up/outside.txt", "/top/etc/passwd", "/up/root/numbers.txt"})
        EXPECT_EQ(status(target), 404) << target;
    EXPECT_EQ(ask("/inside").body, "0123456789");
}

TEST_F(Static, ALinkThatIsExchangedMeanwhileLeadsOutNever) {
    write(root + "/swapped/file", "inside");
    write(folder.path() + "/elsewhere/file", "outside");
    fs::create_directory_symlink(folder.path() + "/elsewhere", root + "/link");
    serve();
    std::atomic<bool> done = false;
    std::thread swapper([&] {
        const std::string one = root + "/swapped";
        const std::string other = root + "/link";
        while (!done) ::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE);
    });
    int seen = 0;
    RawClient client(server->port());
    for (int i = 0; i < 500 || (seen == 0 && i < 100'000); ++i) {
        client.send("GET /swapped/file HTTP/1.1\r\nHost: localhost\r\n\r\n");
        const Answer answer = receive_answer(client);
        EXPECT_NE(answer.body, "outside");
        seen += answer.body == "inside" ? 1 : 0;
    }
    done = true;
    swapper.join();
    EXPECT_GT(seen, 0);
}

TEST_F(Static, DotFilesAreNotToBeSeenButForWellKnown) {
    fs::create_symlink(".secret", root + "/shown");
    serve();
    for (const char* target : {"/.secret", "/.git/config", "/sub/../.secret", "/%2esecret", "/.", "/shown"})
        EXPECT_NE(ask(target).body, "hidden") << target;
    EXPECT_EQ(status("/.secret"), 404);
    EXPECT_EQ(ask("/.well-known/x.txt").body, "known");
}

TEST_F(Static, ProgramsAreNeverServedAsText) {
    write(root + "/cgi/hello", "#!/bin/sh\n");
    write(root + "/scripts/run", "#!/bin/sh\n");
    fs::create_symlink("cgi/hello", root + "/link");
    serve({"--cgi-dir", root + "/cgi", "--dir", root + "/scripts"});
    for (const char* target : {"/cgi/hello", "/scripts/run", "/link", "/cgi", "/cgi/"})
        EXPECT_EQ(status(target), 404) << target;
}

TEST_F(Static, DevicesAndPipesAreNoFiles) {
    ASSERT_EQ(::mkfifo((root + "/pipe").c_str(), 0600), 0);
    serve();
    EXPECT_EQ(status("/pipe"), 404);
}

TEST_F(Static, AFileTheServerMayNotReadIsForbidden) {
    if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
    fs::permissions(root + "/numbers.txt", fs::perms::none);
    serve();
    EXPECT_EQ(status("/numbers.txt"), 403);
}

TEST_F(Static, ALargeFileArrivesWholeAndAConnectionIsKept) {
    std::string large;
    for (int i = 0; large.size() < 5'000'000; ++i) large += std::to_string(i) + "\n";
    write(root + "/large.bin", large);
    serve();
    RawClient client(server->port());
    for (int i = 0; i < 2; ++i) {
        client.send("GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n");
        const Answer answer = receive_answer(client);
        EXPECT_TRUE(answer.body == large);
        EXPECT_EQ(field(answer.head, "Content-Type"), "application/octet-stream");
    }
}

TEST_F(Static, AReaderWhoStopsCostsNoMemory) {
    write(root + "/large.bin", std::string(50'000'000, 'x'));
    serve();
    const std::size_t before = server->private_kib();
    RawClient client(server->port(), "127.0.0.1", 4096);
    client.send("GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_THAT(client.receive_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
    EXPECT_EQ(ask("/numbers.txt").body, "0123456789");
    EXPECT_LT(server->private_kib(), before + (sanitized ? 4096 : 512));
}

TEST_F(Static, AFileUnderWayIsSentToItsEndWhenTheServerStops) {
    const std::string large(20'000'000, 'x');
    write(root + "/large.bin", large);
    serve();
    RawClient client(server->port(), "127.0.0.1", 4096);
    client.send("GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_THAT(client.receive_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
    server->signal(SIGTERM);
    EXPECT_TRUE(server->logs("stopping"));
    EXPECT_EQ(client.receive_all().size(), large.size());
    EXPECT_EQ(server->wait(), 0);
}

TEST_F(Static, HttpOneZeroIsAnsweredInKind) {
    serve();
    RawClient client(server->port());
    client.send("GET /numbers.txt HTTP/1.0\r\n\r\n");
    EXPECT_THAT(client.receive_all(),
                AllOf(StartsWith("HTTP/1.0 200 OK\r\n"), testing::EndsWith("\r\n\r\n0123456789")));
}

TEST_F(Static, WhereThereAreFilesAnEndpointIsForUpgradesOnly) {
    serve({"cat"});
    EXPECT_EQ(status("/none"), 404);
    EXPECT_EQ(ask("/").body, "<p>home\n");
    Client client(server->port());
    client.send("hello");
    EXPECT_EQ(client.receive(), "hello");
}

TEST_F(Static, WithoutAnEndpointAnUpgradeIsNotFound) {
    serve();
    EXPECT_EQ(status_of(server->port(), upgrade_request()), 404);
}

}  // namespace
}  // namespace wsinetd::fixtures::static_test
