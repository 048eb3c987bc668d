#include "http/target.hpp"

#include <gtest/gtest.h>

namespace wsinetd::http::target_test {
namespace {

struct Row {
    std::string_view target;
    std::string_view path;  // empty: refused
    std::string_view query = "";
    std::string_view authority = "";
};

void expect(std::string_view method, const Row& row) {
    const auto parsed = parse_target(method, row.target);
    const auto* target = std::get_if<Target>(&parsed);
    ASSERT_EQ(target != nullptr, !row.path.empty()) << row.target;
    if (!target) return;
    EXPECT_EQ(target->path, row.path) << row.target;
    EXPECT_EQ(target->query, row.query) << row.target;
    EXPECT_EQ(target->authority, row.authority) << row.target;
}

TEST(Target, SplitsAndDecodesThePath) {
    static constexpr Row rows[] = {
        {"/", "/"},
        {"/a/b", "/a/b"},
        {"/a/b/", "/a/b/"},
        {"/a%20b%C3%a4", "/a b\xc3\xa4"},
        {"/a+b?c+d", "/a+b", "c+d"},
        {"/?", "/"},
        {"/?a=1&b=%zz?/../", "/", "a=1&b=%zz?/../"},
        {"/%3f?x", "/?", "x"},
        {"/a//b", "/a//b"},
        {"//a", "//a"},
        {"/%252e%252e/", "/%2e%2e/"},
        {"/{a}|b'c", "/{a}|b'c"},
        {"", ""},
        {"a/b", ""},
        {"?x", ""},
        {"/%", ""},
        {"/%4", ""},
        {"/%4g", ""},
        {"/%g4", ""},
        {"/%00", ""},
        {"/a%00b", ""},
        {"/a\"b", ""},
        {"/a#b", ""},
        {"/?a\"b", ""},
        {"/\xc3\xa4", ""},
    };
    for (const Row& row : rows) expect("GET", row);
}

TEST(Target, RemovesDotSegmentsAndNeverClimbs) {
    static constexpr Row rows[] = {
        {"/.", "/"},
        {"/./", "/"},
        {"/a/.", "/a/"},
        {"/a/..", "/"},
        {"/a/../b", "/b"},
        {"/a/./b", "/a/b"},
        {"/a/b/c/./../../g", "/a/g"},
        {"/a/%2e%2E/b", "/b"},
        {"/a/.%2e/b", "/b"},
        {"/a%2f..%2Fb", "/b"},
        {"/a%2f%2e%2e%2fb", "/b"},
        {"/...", "/..."},
        {"/.a/..b/c.", "/.a/..b/c."},
        {"/a//../b", "/a/b"},
        {"//..", "/"},
        {"/..", ""},
        {"/../", ""},
        {"/../a", ""},
        {"/a/../..", ""},
        {"/a/../../b", ""},
        {"/%2e%2e/a", ""},
        {"/a%2f..%2f..", ""},
        {"/a/..%2f..%2fetc", ""},
        {"/..%2f", ""},
        {"//../..", ""},
    };
    for (const Row& row : rows) expect("GET", row);
}

TEST(Target, TakesAnAbsoluteForm) {
    static constexpr Row rows[] = {
        {"http://example.com/a?b", "/a", "b", "example.com"},
        {"HTTPS://example.com:8443/", "/", "", "example.com:8443"},
        {"ws://[::1]:80/x", "/x", "", "[::1]:80"},
        {"wss://h/a/../b", "/b", "", "h"},
        {"http://example.com", "/", "", "example.com"},
        {"http://example.com?a/b", "/", "a/b", "example.com"},
        {"http:///a", ""},
        {"http://", ""},
        {"http://user@example.com/", ""},
        {"http://exa mple/", ""},
        {"http://h:99999/", ""},
        {"http://h/..", ""},
        {"ftp://example.com/", ""},
        {"http:/a", ""},
        {"example.com:80", ""},
        {"://a/", ""},
    };
    for (const Row& row : rows) expect("GET", row);
}

TEST(Target, IsAnAsteriskForOptionsOnly) {
    expect("OPTIONS", {"*", "*"});
    expect("GET", {"*", ""});
    expect("options", {"*", ""});
    expect("OPTIONS", {"*a", ""});
}

TEST(Target, IsNoneForConnect) {
    expect("CONNECT", {"example.com:80", ""});
    expect("CONNECT", {"/", ""});
}

TEST(Target, JudgesEveryByteInPathAndQuery) {
    for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        const bool allowed = byte > 0x20 && byte < 0x7f && c != '"' && c != '#';
        const auto holds = [](const std::string& target) {
            return std::holds_alternative<Target>(parse_target("GET", target));
        };
        EXPECT_EQ(holds(std::string("/a") + c + "41"), allowed) << byte;
        EXPECT_EQ(holds(std::string("/?a") + c + "b"), allowed) << byte;
    }
}

TEST(Target, DecodesEveryByteButNul) {
    constexpr std::string_view lower = "0123456789abcdef";
    constexpr std::string_view upper = "0123456789ABCDEF";
    for (unsigned byte = 0; byte < 256; ++byte) {
        for (std::string_view digits : {lower, upper}) {
            const std::string target = std::string("/x%") + digits[byte / 16] + digits[byte % 16];
            const auto parsed = parse_target("GET", target);
            ASSERT_EQ(std::holds_alternative<Target>(parsed), byte != 0) << target;
            if (byte != 0) {
                EXPECT_EQ(std::get<Target>(parsed).path, std::string("/x") + static_cast<char>(byte)) << target;
            }
        }
    }
}

// Every path of up to five of these parts: none leaves ".." behind, and each that is refused would have climbed.
TEST(Target, LeavesNoDotSegmentInAnyArrangement) {
    constexpr std::string_view parts[] = {"a", ".", "..", "%2e", "/", "%2f"};
    constexpr std::size_t kinds = std::size(parts);
    for (std::size_t number = 0; number < kinds * kinds * kinds * kinds * kinds; ++number) {
        std::string target = "/";
        std::size_t rest = number;
        for (int i = 0; i < 5; ++i, rest /= kinds) target += parts[rest % kinds];
        const auto parsed = parse_target("GET", target);
        const auto* found = std::get_if<Target>(&parsed);
        if (!found) {
            EXPECT_EQ(std::get<Complaint>(parsed), "The path climbs above the root.") << target;
            continue;
        }
        const std::string padded = found->path + "/";
        EXPECT_EQ(found->path.front(), '/') << target;
        EXPECT_EQ(padded.find("/../"), std::string::npos) << target;
        EXPECT_EQ(padded.find("/./"), std::string::npos) << target;
    }
}

}  // namespace
}  // namespace wsinetd::http::target_test
