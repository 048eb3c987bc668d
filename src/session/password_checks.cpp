#include "session/password_checks.hpp"

#include <algorithm>
#include <csignal>
#include <random>
#include <system_error>

namespace wsinetd::session {
namespace {

constexpr std::size_t most_threads = 2;
constexpr std::size_t most_waiting = 64;
constexpr std::size_t most_of_a_client = 8;
constexpr std::size_t most_known = 4096;

http::Digest random_key() {
    std::random_device device;
    std::string bytes;
    for (int i = 0; i < 8; ++i) bytes += std::to_string(device()) + ' ';
    return http::digest_of(bytes);
}

/// Signals are the main thread's.
void block_signals() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

}  // namespace

struct PasswordChecks::Job {
    Question question;
    http::Digest digest;
    net::Mailbox& mailbox;
    net::Event answered;
    Verdict verdict = Verdict::busy;

    Job(Question asked, const http::Digest& known_by, net::Executor executor, net::Mailbox& mailbox_of_loop)
        : question(std::move(asked)), digest(known_by), mailbox(mailbox_of_loop), answered(executor) {}
};

PasswordChecks::PasswordChecks() : key_(random_key()) {}

PasswordChecks::~PasswordChecks() { stop(); }

http::Digest PasswordChecks::digest_of(const Question& question) const {
    std::string text;
    for (const http::Digest& part :
         {key_, question.file->fingerprint(), http::digest_of(question.user), http::digest_of(question.password)})
        text.append(reinterpret_cast<const char*>(part.data()), part.size());
    return http::digest_of(text);
}

net::awaitable<PasswordChecks::Verdict> PasswordChecks::check(Question question, net::Executor executor,
                                                              net::Mailbox& mailbox) {
    const http::Digest digest = digest_of(question);
    Job job(std::move(question), digest, executor, mailbox);
    if (enter(job)) co_await job.answered.wait();
    co_return job.verdict;
}

/// False: it has its verdict.
bool PasswordChecks::enter(Job& job) {
    const std::lock_guard lock(mutex_);
    if (known_.contains(job.digest)) {
        job.verdict = Verdict::right;
        return false;
    }
    const auto same = [&](const Job* other) { return other->question.client == job.question.client; };
    if (stopping_ || queue_.size() >= most_waiting ||
        static_cast<std::size_t>(std::ranges::count_if(queue_, same)) >= most_of_a_client)
        return false;
    if (queue_.size() >= idle_ && threads_.size() < most_threads) {
        try {
            threads_.emplace_back([this] { work(); });
        } catch (const std::system_error&) {
            if (threads_.empty()) return false;
        }
    }
    queue_.push_back(&job);
    changed_.notify_one();
    return true;
}

/// The job may be gone as soon as its loop has the letter.
void PasswordChecks::answer(Job& job, Verdict verdict) {
    job.verdict = verdict;
    job.mailbox.post([&job] { job.answered.set(); });
}

void PasswordChecks::work() {
    block_signals();
    std::unique_lock lock(mutex_);
    for (;;) {
        ++idle_;
        changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        --idle_;
        if (queue_.empty()) return;
        Job& job = *queue_.front();
        queue_.pop_front();
        lock.unlock();
        const bool right = job.question.file->verify(job.question.user, job.question.password);
        lock.lock();
        if (right && known_.size() >= most_known) known_.clear();
        if (right) known_.insert(job.digest);
        answer(job, right ? Verdict::right : Verdict::wrong);
    }
}

void PasswordChecks::stop() {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (Job* job : queue_) answer(*job, Verdict::busy);
    queue_.clear();
    changed_.notify_all();
}

}  // namespace wsinetd::session
