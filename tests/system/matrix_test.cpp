// Spec section 2: who may start a command, whole: Origin x Host x Sec-Fetch-Site x listener x what is asked for. What
// is expected is worked out from the spec's words, and by nothing of the server's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>
#include <sstream>

#include "fixtures/answer.hpp"
#include "fixtures/program_tree.hpp"
#include "fixtures/tls_client.hpp"

namespace wsinetd::fixtures::matrix_test {
namespace {

enum class Listener { tcp, unix_socket, tls };
enum class Kind { upgrade, events, cgi };

/// The server's options: `--origin https://app.example:8443,partner.example --host named.example`; its certificate is
/// for certified.example.
struct Host {
    const char* text;
    const char* name;
    int port;             ///< 0: none
    bool rebinding_safe;  ///< IP literal, localhost, of --host or --origin
    bool of_certificate = false;
};
constexpr Host hosts[] = {
    {"localhost", "localhost", 0, true},
    {"LocalHost:8080", "localhost", 8080, true},
    {"127.0.0.1", "127.0.0.1", 0, true},
    {"[::1]:8080", "[::1]", 8080, true},
    {"198.51.100.7", "198.51.100.7", 0, true},
    {"named.example", "named.example", 0, true},
    {"app.example", "app.example", 0, true},
    {"partner.example:99", "partner.example", 99, true},
    {"certified.example", "certified.example", 0, false, true},
    {"evil.example", "evil.example", 0, false},
    {"localhost.evil.example:8080", "localhost.evil.example", 8080, false},
    {"127.1", "127.1", 0, false},
};

struct Origin {
    const char* text;  ///< nullptr: no field
    const char* name;  ///< empty: nobody's
    int port;          ///< the scheme's where there is none
    int default_port;
    bool listed;
};
constexpr Origin origins[] = {
    {nullptr, "", 0, 0, false},
    {"null", "", 0, 0, false},
    {"", "", 0, 0, false},
    {"http://localhost", "localhost", 80, 80, false},
    {"http://localhost:8080", "localhost", 8080, 80, false},
    {"https://localhost", "localhost", 443, 443, false},
    {"http://[::1]:8080", "[::1]", 8080, 80, false},
    {"http://127.0.0.1", "127.0.0.1", 80, 80, false},
    {"https://named.example", "named.example", 443, 443, false},
    {"https://app.example:8443", "app.example", 8443, 443, true},
    {"http://app.example:8443", "app.example", 8443, 80, false},
    {"https://app.example", "app.example", 443, 443, false},
    {"http://partner.example", "partner.example", 80, 80, true},
    {"https://partner.example:1234", "partner.example", 1234, 443, true},
    {"https://certified.example", "certified.example", 443, 443, false},
    {"http://evil.example", "evil.example", 80, 80, false},
    {"http://localhost.evil.example:8080", "localhost.evil.example", 8080, 80, false},
};

constexpr const char* sites[] = {nullptr, "same-origin", "none", "same-site", "cross-site"};

struct Case {
    const Host* host;
    const Origin* origin;
    const char* site;
};

std::vector<Case> all_cases() {
    std::vector<Case> all;
    for (const Host& host : hosts)
        for (const Origin& origin : origins)
            for (const char* site : sites) all.push_back({&host, &origin, site});
    return all;
}

/// 0: allowed.
int expected_refusal(const Case& each, Listener listener) {
    const Host& host = *each.host;
    const Origin& origin = *each.origin;
    // "On a TCP connection whose local address is loopback [...] `Host` must be an IP literal, `localhost`, a name in
    // `--host` or `--origin`, or one the certificate has, else 421."
    const bool certified = listener == Listener::tls && host.of_certificate;
    if (listener != Listener::unix_socket && !host.rebinding_safe && !certified) return 421;
    if (!origin.text) {
        // "Without `Origin`, a `Sec-Fetch-Site` of `cross-site` or `same-site` is 403 too."
        const std::string site = each.site ? each.site : "";
        return site == "cross-site" || site == "same-site" ? 403 : 0;
    }
    // "Own: its host and port equal those of `Host`, a missing port on either side taken from the Origin's scheme."
    const int port = host.port == 0 ? origin.default_port : host.port;
    const bool own = std::string(origin.name) == host.name && origin.port == port;
    return own || origin.listed ? 0 : 403;
}

class Matrix : public testing::TestWithParam<std::tuple<Listener, Kind>> {
protected:
    Matrix() {
        const std::string mark = "echo \"$QUERY_STRING\" >> " + started();
        tree.program("run", mark + "\nprintf 'Content-Type: text/plain\\n\\n'");
        std::vector<std::string> options{"--cgi-dir", tree.root(), "--host", "named.example", "--origin",
                                         "https://app.example:8443,partner.example",
                                         // A client that resets at once must not keep it from its mark.
                                         "--close-grace", "30s"};
        if (listener() == Listener::unix_socket) options.insert(options.end(), {"--unix-socket", socket()});
        if (listener() == Listener::tls) options = files.options(options);
        options.insert(options.end(), {"sh", "-c", mark});
        server.emplace(std::move(options));
    }

    [[nodiscard]] Listener listener() const { return std::get<0>(GetParam()); }
    [[nodiscard]] Kind kind() const { return std::get<1>(GetParam()); }
    [[nodiscard]] std::string socket() const { return tree.beside("s"); }
    [[nodiscard]] std::string started() const { return tree.beside("started"); }

    [[nodiscard]] std::string request(const Case& each, std::size_t number) const {
        const std::string path = kind() == Kind::cgi ? "/run" : "/";
        std::string text =
            "GET " + path + "?" + std::to_string(number) + " HTTP/1.1\r\nHost: " + each.host->text + "\r\n";
        if (each.origin->text) text += "Origin: " + std::string(each.origin->text) + "\r\n";
        if (each.site) text += "Sec-Fetch-Site: " + std::string(each.site) + "\r\n";
        if (kind() == Kind::events) text += "Accept: text/event-stream\r\n";
        if (kind() == Kind::upgrade)
            return text +
                   "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        return text + "\r\n";
    }

    /// Everything in one connection where refusals and answers keep it.
    int status(const std::string& text) {
        if (listener() == Listener::tls) {
            if (!tls) tls.emplace(server->port());
            tls->send(text);
            const std::string head = tls->receive_until("\r\n\r\n");
            finish_tls(head);
            return status_in(head);
        }
        if (!raw) raw.emplace(server->port(), listener() == Listener::unix_socket ? socket() : "127.0.0.1");
        raw->send(text);
        const std::string head = raw->receive_until("\r\n\r\n");
        const int status = status_in(head);
        if (status == 101 || head.find("Connection: close") != std::string::npos) {
            raw.reset();
        } else if (field(head, "Transfer-Encoding") == "chunked") {
            while (!receive_chunk(*raw).empty()) {
            }
        } else {
            raw->receive(length_in(head));
        }
        return status;
    }
    void finish_tls(const std::string& head) {
        const int status = status_in(head);
        if (status == 101) return tls.reset();
        if (field(head, "Transfer-Encoding") == "chunked") {
            tls->receive_until("0\r\n\r\n");
            return;
        }
        tls->receive_until(".\n");  // a refusal's last sentence
    }

    ProgramTree tree;
    ServerFiles files{make_identity({.common_name = "certified.example", .names = "DNS:certified.example"})};
    std::optional<Server> server;
    std::optional<RawClient> raw;
    std::optional<TlsRawClient> tls;
};

TEST_P(Matrix, WhatIsRefusedStartsNothingAndTheLogNamesTheOption) {
    const std::vector<Case> cases = all_cases();
    const int allowed = kind() == Kind::upgrade ? 101 : 200;
    std::set<std::string> expected;
    std::vector<int> refusals;
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const int refusal = expected_refusal(cases[i], listener());
        refusals.push_back(refusal);
        if (refusal == 0) expected.insert(std::to_string(i));
        EXPECT_EQ(status(request(cases[i], i)), refusal == 0 ? allowed : refusal) << request(cases[i], i);
    }
    std::set<std::string> ran;
    EXPECT_TRUE(eventually([&] {
        std::istringstream lines(contents_of(started()));
        for (std::string line; std::getline(lines, line);) ran.insert(line);
        return ran.size() >= expected.size();
    }));
    EXPECT_TRUE(leaves_nothing(*server));
    EXPECT_EQ(ran, expected);
    // Each refusal has its line.
    std::istringstream log(server->log());
    std::size_t seen = 0;
    for (std::string line; std::getline(log, line);) {
        const auto at = line.find(kind() == Kind::cgi ? "target=/run?" : "target=/?");
        if (at == std::string::npos) continue;
        const std::size_t number = std::stoul(line.substr(line.find('?', at) + 1));
        if (refusals.at(number) == 0) continue;
        ++seen;
        EXPECT_THAT(line, testing::HasSubstr("status=" + std::to_string(refusals[number])));
        EXPECT_THAT(line, testing::HasSubstr(refusals[number] == 421 ? "--host " : "--origin "));
    }
    EXPECT_EQ(seen, cases.size() - expected.size());
    EXPECT_GT(expected.size(), 50U);
    EXPECT_GT(seen, 50U);
}

std::string name_of(const testing::TestParamInfo<std::tuple<Listener, Kind>>& info) {
    constexpr const char* listeners[] = {"Tcp", "Unix", "Tls"};
    constexpr const char* kinds[] = {"Upgrade", "Events", "Cgi"};
    const auto [listener, kind] = info.param;
    return std::string(listeners[static_cast<int>(listener)]) + kinds[static_cast<int>(kind)];
}

INSTANTIATE_TEST_SUITE_P(WhoMayStart, Matrix,
                         testing::Combine(testing::Values(Listener::tcp, Listener::unix_socket, Listener::tls),
                                          testing::Values(Kind::upgrade, Kind::events, Kind::cgi)),
                         name_of);

}  // namespace
}  // namespace wsinetd::fixtures::matrix_test
