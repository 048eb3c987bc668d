#pragma once  // Passwords checked off the loops: a hash takes tens of milliseconds, and no session waits for another's.
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "http/secrets.hpp"
#include "net/event.hpp"
#include "net/mailbox.hpp"

namespace wsinetd::session {

/// One for the whole server, which outlives its loops.
class PasswordChecks {
public:
    enum class Verdict { right, wrong, busy };

    struct Question {
        std::shared_ptr<const http::PasswordFile> file;
        std::string user;
        std::string password;
        std::string client;  ///< address: one client cannot fill the queue
    };

    PasswordChecks();
    ~PasswordChecks();
    PasswordChecks(const PasswordChecks&) = delete;
    PasswordChecks& operator=(const PasswordChecks&) = delete;

    /// For a coroutine of the loop to which `executor` and `mailbox` belong. `busy` at once where too many wait.
    net::awaitable<Verdict> check(Question question, net::Executor executor, net::Mailbox& mailbox);

    /// Whoever waits is told `busy`. From any thread.
    void stop();

private:
    struct Job;

    [[nodiscard]] http::Digest digest_of(const Question& question) const;
    bool enter(Job& job);
    static void answer(Job& job, Verdict verdict);
    void work();

    const http::Digest key_;  ///< of this run: what is kept says nothing about the passwords
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Job*> queue_;        ///< each on the stack of a coroutine that waits until it is answered
    std::set<http::Digest> known_;  ///< those that were right: a page's every request brings the same
    std::size_t idle_ = 0;
    bool stopping_ = false;
    std::vector<std::jthread> threads_;  ///< last: they end before what they use
};

}  // namespace wsinetd::session
