#include "http/secrets.hpp"

#include <gmock/gmock.h>

namespace wsinetd::http::secrets_test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// All of "secret".
const std::string bcrypt = "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
const std::string bcrypt_b = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
const std::string bcrypt_a = "$2a$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
const std::string sha512 =
    "$6$rounds=1000$salty$fqJZBxaXwxUSvj0hv7ESR6yY7106btt1ezv9lXimUnzi3rcStZRQ7pQyPR4bwWudplzyCKZxsQyr83BPAjCrI/";
const std::string sha512_standard =
    "$6$salty$KvzWKWLYEXXyw/4wzxu854gkPY3lhi7u.wm/HJabfYGIHFFddhyZ3xA43wiP4pG2CNfejds7h3eeku.O.9PSx0";

FileErrors password_errors(const std::string& text) {
    auto result = PasswordFile::parse(text);
    return std::holds_alternative<FileErrors>(result) ? std::get<FileErrors>(result) : FileErrors{};
}

TEST(PasswordFile, VerifiesEveryKindOfHash) {
    for (const std::string& hash : {bcrypt, bcrypt_a, bcrypt_b, sha512, sha512_standard}) {
        const auto file = std::get<PasswordFile>(PasswordFile::parse("ada:" + hash + "\n"));
        EXPECT_TRUE(file.verify("ada", "secret")) << hash;
        for (const char* wrong : {"", "Secret", "secret ", "secre", "secret1"})
            EXPECT_FALSE(file.verify("ada", wrong)) << hash << wrong;
        EXPECT_FALSE(file.verify("bob", "secret")) << hash;
        EXPECT_FALSE(file.verify("", "secret")) << hash;
        EXPECT_FALSE(file.verify("ada", hash)) << hash;
    }
}

TEST(PasswordFile, DoesNotTakeABeginningForTheWhole) {
    const auto file = std::get<PasswordFile>(PasswordFile::parse("ada:" + bcrypt));
    EXPECT_FALSE(file.verify("ada", std::string_view("secret\0x", 8)));
    EXPECT_FALSE(file.verify("ada", std::string(100'000, 's')));
}

TEST(PasswordFile, SkipsCommentsAndEmptyLinesAndTakesCrLf) {
    const auto file =
        std::get<PasswordFile>(PasswordFile::parse("# users\r\n\r\nada:" + bcrypt + "\r\nbob:" + sha512 + ":more\r\n"));
    EXPECT_TRUE(file.knows("ada"));
    EXPECT_TRUE(file.verify("bob", "secret"));
    EXPECT_FALSE(file.knows("# users"));
}

TEST(PasswordFile, NamesTheLineOfEveryHashThatIsTooWeak) {
    EXPECT_THAT(password_errors("ada:" + bcrypt + "\nb:$apr1$x$y\nc:$1$x$y\nd:{SHA}x\ne:secret\nf:\ng:$5$x$y\n"),
                ElementsAre(AllOf(HasSubstr("line 2: "), HasSubstr("MD5")), HasSubstr("line 3: "),
                            AllOf(HasSubstr("line 4: "), HasSubstr("SHA-1")),
                            AllOf(HasSubstr("line 5: "), HasSubstr("the password itself"), Not(HasSubstr("secret"))),
                            HasSubstr("line 6: "), HasSubstr("line 7: ")));
}

TEST(PasswordFile, NamesTheLineOfWhatIsNotWhole) {
    const std::string long_rounds = "$6$rounds=5000001$" + sha512.substr(15);
    for (const std::string& line :
         {std::string("no colon"), ":" + bcrypt, "a:" + bcrypt.substr(0, 59), "a:" + bcrypt + "x",
          "a:$2y$16$" + bcrypt.substr(7), "a:$2y$03$" + bcrypt.substr(7), "a:$2y$xx$" + bcrypt.substr(7),
          "a:" + bcrypt.substr(0, 59) + "!", "a:" + sha512.substr(0, sha512.size() - 1), std::string("a:$6$"),
          "a:" + long_rounds, "a:$6$rounds=999$" + sha512.substr(15), "ada:" + bcrypt + "\nada:" + bcrypt})
        EXPECT_THAT(password_errors(line), ElementsAre(HasSubstr("line "))) << line;
    EXPECT_THAT(password_errors(""), ElementsAre(HasSubstr("no user")));
}

TEST(TokenFile, HasTokensWithNamesAndWithout) {
    const auto file = std::get<TokenFile>(TokenFile::parse("# tokens\nplain\nada one\nbob:two\n\ncarol \t three\r\n"));
    EXPECT_EQ(file.find("plain"), "");
    EXPECT_EQ(file.find("one"), "ada");
    EXPECT_EQ(file.find("two"), "bob");
    EXPECT_EQ(file.find("three"), "carol");
    for (const char* wrong : {"", "ada", "bob:two", "ada one", "# tokens", "plai", "plain ", "Plain"})
        EXPECT_EQ(file.find(wrong), std::nullopt) << wrong;
}

TEST(TokenFile, NamesTheLineOfWhatIsNoToken) {
    for (const char* line :
         {"ok\na b c", "ok\nada:", "ok\n:token", "ok\na:b:c", "ok\nok", "ok\nbob ok", "ok\na;b", "ok\na,b"}) {
        const auto result = TokenFile::parse(line);
        ASSERT_TRUE(std::holds_alternative<FileErrors>(result)) << line;
        EXPECT_THAT(std::get<FileErrors>(result), ElementsAre(HasSubstr("line 2: "))) << line;
    }
    EXPECT_TRUE(std::holds_alternative<FileErrors>(TokenFile::parse("# none\n")));
}

}  // namespace
}  // namespace wsinetd::http::secrets_test
