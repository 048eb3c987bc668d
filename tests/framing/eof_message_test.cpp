#include "framing/eof_message.hpp"

#include <gtest/gtest.h>

#include "fixtures/every_split.hpp"

namespace wsinetd::framing::eof_message_test {
namespace {

using fixtures::bytes_of;
using Verdict = EofMessage::Judgement::Verdict;

/// What the command gets of a message that comes in these pieces, or "EOF".
std::string told(EofMessage& eof, const std::vector<std::string>& pieces) {
    std::string text;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        const auto judged = eof.next({bytes_of(pieces[i]), i == 0, i + 1 == pieces.size()});
        if (judged.verdict == Verdict::is_it) return text + "EOF";
        if (judged.verdict == Verdict::other) text.append(judged.before).append(pieces[i]);
    }
    return text;
}

TEST(EofMessage, IsTheTextAndNoOther) {
    EofMessage eof("quit");
    for (const std::string text : {"", "q", "qui", "quit ", "quits", "Quit", "aquit"})
        EXPECT_EQ(told(eof, {text}), text);
    EXPECT_EQ(told(eof, {"quit"}), "EOF");
}

TEST(EofMessage, IsFoundHoweverItIsCut) {
    EofMessage eof("quit");
    fixtures::every_split("quit", [&](const fixtures::Pieces& pieces) { EXPECT_EQ(told(eof, pieces), "EOF"); });
    EXPECT_EQ(told(eof, {"", "quit", ""}), "EOF");
}

TEST(EofMessage, LosesNothingOfAMessageThatIsLikeItAtTheBeginning) {
    EofMessage eof("quit");
    for (const std::string text : {"qui", "quite", "quiz", "quitquit"})
        fixtures::every_split(text, [&](const fixtures::Pieces& pieces) { EXPECT_EQ(told(eof, pieces), text); });
}

TEST(EofMessage, MayBeTheEmptyMessage) {
    EofMessage eof("");
    EXPECT_EQ(told(eof, {""}), "EOF");
    EXPECT_EQ(told(eof, {"", ""}), "EOF");
    EXPECT_EQ(told(eof, {"", "a"}), "a");
}

}  // namespace
}  // namespace wsinetd::framing::eof_message_test
