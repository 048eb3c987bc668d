#include "net/mailbox.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>

#include "net/nursery.hpp"

namespace wsinetd::net::mailbox_test {
namespace {

/// A loop without locks, as the server's, and what other threads do to it.
class MailboxTest : public testing::Test {
protected:
    void run(const std::function<void()>& elsewhere) {
        tasks_.spawn(mailbox_.run());
        std::jthread other(elsewhere);
        context_.run();
    }

    asio::io_context context_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
    Mailbox mailbox_{context_.get_executor()};
    Nursery tasks_{context_.get_executor(), [](const std::exception& bug) { ADD_FAILURE() << bug.what(); }};
};

TEST_F(MailboxTest, MakesTheCallsOfAnotherThreadInOrderOnTheLoop) {
    constexpr int count = 10'000;
    std::vector<int> seen;
    std::set<std::thread::id> threads;
    run([&] {
        for (int i = 0; i < count; ++i)
            mailbox_.post([&, i] {
                seen.push_back(i);
                threads.insert(std::this_thread::get_id());
            });
        mailbox_.post([&] { mailbox_.close(); });
    });
    ASSERT_EQ(seen.size(), count);
    EXPECT_TRUE(std::ranges::is_sorted(seen));
    EXPECT_EQ(threads, std::set{std::this_thread::get_id()});
}

TEST_F(MailboxTest, TakesCallsFromWithinACall) {
    bool called = false;
    run([&] {
        mailbox_.post([&] {
            mailbox_.post([&] {
                called = true;
                mailbox_.close();
            });
        });
    });
    EXPECT_TRUE(called);
}

TEST_F(MailboxTest, MakesNoCallsThatCameAfterItsEnd) {
    run([&] { mailbox_.post([&] { mailbox_.close(); }); });
    mailbox_.post([] { ADD_FAILURE(); });
}

}  // namespace
}  // namespace wsinetd::net::mailbox_test
