#include "net/reverse_lookup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>

#include "net/nursery.hpp"

namespace wsinetd::net::reverse_lookup_test {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;
using testing::UnorderedElementsAreArray;

constexpr Milliseconds never{3'600'000};

/// A name server: who has which name, and which names lead where. It answers when it is told to.
class Names {
public:
    std::map<std::string, std::string> of;             ///< address to name
    std::multimap<std::string, std::string> leads_to;  ///< name to addresses

    Resolver resolver() {
        return {[this](const std::string& address) { return name_of(address); },
                [this](const std::string& name, const std::string& address) {
                    const auto [first, last] = leads_to.equal_range(name);
                    return std::any_of(first, last, [&](const auto& each) { return each.second == address; });
                }};
    }
    /// From here on questions for `address` wait for `release`.
    void hold(const std::string& address) {
        const std::lock_guard lock(mutex_);
        held_.insert(address);
    }
    void release(const std::string& address) {
        const std::lock_guard lock(mutex_);
        held_.erase(address);
        changed_.notify_all();
    }
    /// Until it has been asked this often.
    void await_questions(std::size_t count) {
        std::unique_lock lock(mutex_);
        const bool asked =
            changed_.wait_for(lock, std::chrono::seconds(30), [&] { return questions_.size() >= count; });
        EXPECT_TRUE(asked) << "asked " << questions_.size() << " times";
    }
    [[nodiscard]] std::vector<std::string> questions() const {
        const std::lock_guard lock(mutex_);
        return questions_;
    }
    /// The most that were asked at once.
    [[nodiscard]] std::size_t most_at_once() const {
        const std::lock_guard lock(mutex_);
        return most_;
    }

private:
    std::string name_of(const std::string& address) {
        std::unique_lock lock(mutex_);
        questions_.push_back(address);
        most_ = std::max(most_, ++now_);
        changed_.notify_all();
        changed_.wait(lock, [&] { return !held_.contains(address); });
        --now_;
        const auto found = of.find(address);
        return found == of.end() ? "" : found->second;
    }

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::set<std::string> held_;
    std::vector<std::string> questions_;
    std::size_t now_ = 0;
    std::size_t most_ = 0;
};

/// A loop without locks, as the server's, of the thread that makes it.
class Loop {
public:
    Loop() { caretakers_.spawn(mailbox_.run()); }
    ~Loop() {
        mailbox_.close();
        timers_.stop();
        context_.restart();
        context_.run();
    }
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    /// Begins to ask; the answer goes to `answers`, behind the address.
    void begin(ReverseLookup& lookup, const std::string& address) {
        ++asked_;
        tasks_.spawn(ask(lookup, address));
        run_what_is_ready();
    }
    /// Until `count` of all that were asked have their answer.
    void run_until_answered(std::size_t count) {
        while (answers.size() < count) {
            context_.restart();
            ASSERT_EQ(context_.run_one_for(std::chrono::seconds(30)), 1U) << "nothing happened";
        }
    }
    void run_what_is_ready() {
        context_.restart();
        context_.poll();
    }
    void run_until_all_are_answered() { run_until_answered(asked_); }
    std::string name_of(ReverseLookup& lookup, const std::string& address) {
        begin(lookup, address);
        run_until_all_are_answered();
        return answers.back().second;
    }

    std::vector<std::pair<std::string, std::string>> answers;

private:
    awaitable<void> ask(ReverseLookup& lookup, std::string address) {
        std::string name = co_await lookup.name_of(address, context_.get_executor(), mailbox_, timers_);
        answers.emplace_back(std::move(address), std::move(name));
    }

    std::size_t asked_ = 0;
    asio::io_context context_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
    Mailbox mailbox_{context_.get_executor()};
    Timers timers_{context_.get_executor()};
    Nursery caretakers_{context_.get_executor(), [](const std::exception& bug) { ADD_FAILURE() << bug.what(); }};
    Nursery tasks_{context_.get_executor(), [](const std::exception& bug) { ADD_FAILURE() << bug.what(); }};
};

/// Waits for what a thread does. It is not told when, so it looks again and again.
bool eventually(const std::function<bool()>& condition) {
    const TimePoint end = Clock::now() + std::chrono::seconds(30);
    while (!condition()) {
        if (Clock::now() > end) return false;
        std::this_thread::yield();
    }
    return true;
}

class ReverseLookupTest : public testing::Test, protected Loop {
protected:
    void give(const std::string& address, const std::string& name) {
        names.of[address] = name;
        names.leads_to.emplace(name, address);
    }

    /// However little patience the lookup has.
    void begin_until_it_is_looked_up(ReverseLookup& lookup, const std::string& address) {
        EXPECT_TRUE(eventually([&] {
            begin(lookup, address);
            return !names.questions().empty();
        }));
    }

    Names names;
};

TEST_F(ReverseLookupTest, FindsTheNameOfAnAddress) {
    give("192.0.2.7", "client.example");
    give("2001:db8::7", "six.example");
    ReverseLookup lookup(names.resolver(), {.patience = never});
    EXPECT_EQ(name_of(lookup, "192.0.2.7"), "client.example");
    EXPECT_EQ(name_of(lookup, "2001:db8::7"), "six.example");
}

TEST_F(ReverseLookupTest, GivesTheAddressWhereThereIsNoName) {
    ReverseLookup lookup(names.resolver(), {.patience = never});
    EXPECT_EQ(name_of(lookup, "192.0.2.7"), "192.0.2.7");
}

/// Whoever runs the name server for an address can give it any name.
TEST_F(ReverseLookupTest, GivesTheAddressWhereTheNameLeadsElsewhere) {
    names.of["192.0.2.7"] = "trusted.example";
    names.leads_to.emplace("trusted.example", "198.51.100.1");
    ReverseLookup lookup(names.resolver(), {.patience = never});
    EXPECT_EQ(name_of(lookup, "192.0.2.7"), "192.0.2.7");
}

TEST_F(ReverseLookupTest, TakesANameThatLeadsToTheAddressAmongOthers) {
    give("192.0.2.7", "many.example");
    names.leads_to.emplace("many.example", "198.51.100.1");
    ReverseLookup lookup(names.resolver(), {.patience = never});
    EXPECT_EQ(name_of(lookup, "192.0.2.7"), "many.example");
}

TEST_F(ReverseLookupTest, GivesTheAddressWhereTheNameIsNone) {
    give("192.0.2.7", "a\nREMOTE_USER=admin");
    give("192.0.2.8", "--config=/etc/passwd");
    ReverseLookup lookup(names.resolver(), {.patience = never});
    EXPECT_EQ(name_of(lookup, "192.0.2.7"), "192.0.2.7");
    EXPECT_EQ(name_of(lookup, "192.0.2.8"), "192.0.2.8");
}

TEST_F(ReverseLookupTest, AsksOnceForAllWhoWaitForAnAddress) {
    give("192.0.2.7", "client.example");
    names.hold("192.0.2.7");
    ReverseLookup lookup(names.resolver(), {.patience = never});
    for (int i = 0; i < 3; ++i) begin(lookup, "192.0.2.7");
    names.release("192.0.2.7");
    run_until_answered(3);
    for (const auto& [address, name] : answers) EXPECT_EQ(name, "client.example");
    EXPECT_THAT(names.questions(), ElementsAre("192.0.2.7"));
}

TEST_F(ReverseLookupTest, ASlowLookupHoldsUpNoOther) {
    give("192.0.2.1", "slow.example");
    give("192.0.2.2", "quick.example");
    names.hold("192.0.2.1");
    ReverseLookup lookup(names.resolver(), {.threads = 2, .patience = never});
    begin(lookup, "192.0.2.1");
    begin(lookup, "192.0.2.2");
    run_until_answered(1);
    EXPECT_THAT(answers, ElementsAre(Pair("192.0.2.2", "quick.example")));
    names.release("192.0.2.1");
    run_until_answered(2);
    EXPECT_EQ(answers.back(), std::pair("192.0.2.1"s, "slow.example"s));
}

// Patience.

TEST_F(ReverseLookupTest, GoesOnWithTheAddressWhenItsPatienceEnds) {
    names.hold("192.0.2.7");
    ReverseLookup lookup(names.resolver(), {.patience = Milliseconds(1)});
    EXPECT_EQ(name_of(lookup, "192.0.2.7"), "192.0.2.7");
    names.release("192.0.2.7");
}

TEST_F(ReverseLookupTest, KeepsAnAnswerThatCameTooLateForTheNext) {
    give("192.0.2.7", "late.example");
    names.hold("192.0.2.7");
    ReverseLookup lookup(names.resolver(), {.patience = Milliseconds(1), .kept_for = never});
    begin_until_it_is_looked_up(lookup, "192.0.2.7");
    run_until_all_are_answered();
    EXPECT_EQ(answers.back().second, "192.0.2.7");
    names.release("192.0.2.7");
    EXPECT_TRUE(eventually([&] { return name_of(lookup, "192.0.2.7") == "late.example"; }));
    EXPECT_THAT(names.questions(), ElementsAre("192.0.2.7"));
}

TEST_F(ReverseLookupTest, DoesNotAskWhatNobodyWaitsForAnyMore) {
    give("192.0.2.3", "third.example");
    names.hold("192.0.2.1");
    ReverseLookup lookup(names.resolver(), {.threads = 1, .patience = Milliseconds(1), .kept_for = never});
    begin_until_it_is_looked_up(lookup, "192.0.2.1");
    begin(lookup, "192.0.2.2");
    run_until_all_are_answered();
    names.release("192.0.2.1");
    EXPECT_TRUE(eventually([&] { return name_of(lookup, "192.0.2.3") == "third.example"; }));
    EXPECT_THAT(names.questions(), ElementsAre("192.0.2.1", "192.0.2.3"));
}

// Bounds.

TEST_F(ReverseLookupTest, AsksForNoMoreAtOnceThanItHasThreads) {
    const std::vector<std::string> addresses{"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"};
    for (const std::string& each : addresses) names.hold(each);
    ReverseLookup lookup(names.resolver(), {.threads = 2, .patience = never});
    for (const std::string& each : addresses) begin(lookup, each);
    std::size_t asked = 2;
    for (const std::string& each : addresses) {
        names.await_questions(std::min(asked++, addresses.size()));
        names.release(each);
    }
    run_until_answered(addresses.size());
    EXPECT_EQ(names.most_at_once(), 2U);
    EXPECT_THAT(names.questions(), UnorderedElementsAreArray(addresses));
}

TEST_F(ReverseLookupTest, GivesTheAddressAtOnceWhereTooManyWait) {
    for (const char* last : {"1", "2", "3"}) give("192.0.2."s + last, "name-"s + last);
    names.hold("192.0.2.1");
    ReverseLookup lookup(names.resolver(), {.threads = 1, .waiting = 1, .patience = never});
    begin(lookup, "192.0.2.1");
    names.await_questions(1);
    begin(lookup, "192.0.2.2");
    begin(lookup, "192.0.2.3");
    EXPECT_THAT(answers, ElementsAre(Pair("192.0.2.3", "192.0.2.3")));
    begin(lookup, "192.0.2.2");  // which is asked for already
    names.release("192.0.2.1");
    run_until_answered(4);
    EXPECT_THAT(answers, UnorderedElementsAre(Pair("192.0.2.1", "name-1"), Pair("192.0.2.2", "name-2"),
                                              Pair("192.0.2.2", "name-2"), Pair("192.0.2.3", "192.0.2.3")));
    EXPECT_EQ(name_of(lookup, "192.0.2.3"), "name-3");
}

// What is kept.

TEST_F(ReverseLookupTest, KeepsNames) {
    give("192.0.2.7", "client.example");
    ReverseLookup lookup(names.resolver(), {.patience = never, .kept_for = never});
    for (int i = 0; i < 3; ++i) EXPECT_EQ(name_of(lookup, "192.0.2.7"), "client.example");
    EXPECT_EQ(names.questions().size(), 1U);
}

TEST_F(ReverseLookupTest, KeepsThatThereIsNoName) {
    ReverseLookup lookup(names.resolver(), {.patience = never, .kept_for = never});
    for (int i = 0; i < 3; ++i) EXPECT_EQ(name_of(lookup, "192.0.2.7"), "192.0.2.7");
    EXPECT_EQ(names.questions().size(), 1U);
}

TEST_F(ReverseLookupTest, KeepsNamesNoLongerThanItShould) {
    give("192.0.2.7", "client.example");
    ReverseLookup lookup(names.resolver(), {.patience = never, .kept_for = Milliseconds(0)});
    for (int i = 0; i < 3; ++i) EXPECT_EQ(name_of(lookup, "192.0.2.7"), "client.example");
    EXPECT_EQ(names.questions().size(), 3U);
}

TEST_F(ReverseLookupTest, KeepsTheNewestNamesOnly) {
    ReverseLookup lookup(names.resolver(), {.threads = 1, .patience = never, .kept = 2, .kept_for = never});
    for (const char* last : {"1", "2", "3", "2", "3", "1"}) name_of(lookup, "192.0.2."s + last);
    EXPECT_THAT(names.questions(), ElementsAre("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.1"));
}

// The end.

TEST_F(ReverseLookupTest, LetsWhoeverWaitsGoWhenItIsStopped) {
    names.hold("192.0.2.1");
    ReverseLookup lookup(names.resolver(), {.patience = never});
    EXPECT_FALSE(lookup.busy());
    begin(lookup, "192.0.2.1");
    names.await_questions(1);
    EXPECT_TRUE(lookup.busy());
    lookup.stop();
    run_until_answered(1);
    EXPECT_EQ(answers.back().second, "192.0.2.1");
    EXPECT_EQ(name_of(lookup, "192.0.2.2"), "192.0.2.2");
    EXPECT_THAT(names.questions(), ElementsAre("192.0.2.1"));
    EXPECT_TRUE(lookup.busy());
    names.release("192.0.2.1");
    EXPECT_TRUE(eventually([&] { return !lookup.busy(); }));
}

TEST_F(ReverseLookupTest, EndsWithoutHavingBeenAsked) { const ReverseLookup lookup(names.resolver()); }

TEST_F(ReverseLookupTest, ServesManyLoopsAtOnce) {
    constexpr int addresses = 8;
    for (int i = 0; i < addresses; ++i) give("192.0.2." + std::to_string(i), "name-" + std::to_string(i));
    ReverseLookup lookup(names.resolver(), {.threads = 3, .waiting = 3, .patience = Milliseconds(1), .kept = 4});
    std::vector<std::jthread> loops;
    for (int loop = 0; loop < 4; ++loop)
        loops.emplace_back([&] {
            Loop own;
            for (int i = 0; i < 200; ++i) own.begin(lookup, "192.0.2." + std::to_string(i % addresses));
            own.run_until_answered(200);
            for (const auto& [address, name] : own.answers)
                EXPECT_TRUE(name == address || name == "name-" + address.substr(8)) << address << " " << name;
        });
}

// Names of hosts.

TEST(HostName, IsMadeOfLettersDigitsDotsHyphensAndUnderscores) {
    const std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        EXPECT_EQ(is_host_name(std::string{'a', c, 'b'}), allowed.find(c) != std::string_view::npos) << byte;
    }
}

TEST(HostName, IsNotEmptyAndBeginsLikeOne) {
    EXPECT_TRUE(is_host_name("localhost"));
    EXPECT_TRUE(is_host_name("7-2-0-192.dsl.example"));
    EXPECT_FALSE(is_host_name(""));
    EXPECT_FALSE(is_host_name("-"));
    EXPECT_FALSE(is_host_name("--help"));
    EXPECT_FALSE(is_host_name(".example"));
}

TEST(HostName, HasAtMost253Characters) {
    EXPECT_TRUE(is_host_name(std::string(253, 'a')));
    EXPECT_FALSE(is_host_name(std::string(254, 'a')));
}

// The system's.

TEST(SystemResolver, KnowsLocalhost) {
    const Resolver system = system_resolver();
    EXPECT_TRUE(is_host_name(system.name_of("127.0.0.1")));
    EXPECT_TRUE(system.leads_to("localhost", "127.0.0.1"));
    EXPECT_FALSE(system.leads_to("localhost", "192.0.2.7"));
    EXPECT_FALSE(system.leads_to("localhost", "2001:db8::7"));
}

TEST(SystemResolver, HasNothingToSayOfWhatIsNoAddress) {
    const Resolver system = system_resolver();
    EXPECT_EQ(system.name_of("localhost"), "");
    EXPECT_EQ(system.name_of("unix:"), "");
    EXPECT_EQ(system.name_of(""), "");
    EXPECT_FALSE(system.leads_to("localhost", "localhost"));
}

}  // namespace
}  // namespace wsinetd::net::reverse_lookup_test
