#include "forum/cache/redis_link.h"

#include <hiredis/hiredis.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <stdexcept>
#include <utility>

namespace forum {

namespace {

constexpr Instant kLeaveAlone = 500;
constexpr std::size_t kIdleMax = 16;

struct ReplyDeleter {
    void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, ReplyDeleter>;

using Clock = std::chrono::steady_clock;

// Nothing that is kept here is longer; what goes on without end is given up.
constexpr std::size_t kAnswerMax = 8 * 1'024 * 1'024;
constexpr std::size_t kReadAtOnce = 16 * 1'024;  // of hiredis
// While it is not worth it, one call asks once in this time all the same, to see whether it became faster.
constexpr Instant kAskAgain = 1'000;

}  // namespace

// One connection. Everything a call does has to be done by one deadline, however slowly the answer drips.
struct RedisLink::Channel {
    redisContext* context;
    Clock::time_point deadline;
    bool broken = false;

    Channel(const std::string& host, int port, Clock::time_point until)
        : context(redisConnectNonBlock(host.c_str(), port)), deadline(until) {
        broken = context == nullptr || context->err != 0 || !wait(POLLOUT);
        if (broken) return;
        int error = 0;
        socklen_t length = sizeof error;
        broken = ::getsockopt(context->fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0;
    }
    ~Channel() {
        if (context != nullptr) redisFree(context);
    }
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    bool good() const { return !broken && context->err == 0; }

    bool wait(short events) const {
        for (;;) {
            const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
            if (left <= 0) return false;
            pollfd watched{context->fd, events, 0};
            const int ready = ::poll(&watched, 1, static_cast<int>(left));
            if (ready > 0) return true;
            if (ready == 0 || errno != EINTR) return false;
        }
    }

    // Arguments one by one with their lengths: nothing in a key or value is ever read as a command.
    template <class... Texts>
    void say(const Texts&... texts) {
        const std::array<const char*, sizeof...(Texts)> begins = {std::string_view(texts).data()...};
        const std::array<std::size_t, sizeof...(Texts)> lengths = {std::string_view(texts).size()...};
        const int code = redisAppendCommandArgv(context, static_cast<int>(begins.size()),
                                                const_cast<const char**>(begins.data()), lengths.data());
        broken = broken || code != REDIS_OK;
    }

    Reply hear() {
        int sent = 0;
        while (good() && sent == 0) {
            if (redisBufferWrite(context, &sent) != REDIS_OK || (sent == 0 && !wait(POLLOUT))) broken = true;
        }
        void* reply = nullptr;
        for (std::size_t read = 0; good() && reply == nullptr; read += kReadAtOnce) {
            if (redisGetReplyFromReader(context, &reply) != REDIS_OK) broken = true;
            if (broken || reply != nullptr) break;
            if (read > kAnswerMax || !wait(POLLIN) || redisBufferRead(context) != REDIS_OK) broken = true;
        }
        return Reply(static_cast<redisReply*>(reply));
    }
};

// Gives the connection back unless something went wrong with it.
class RedisLink::Lease {
  public:
    explicit Lease(RedisLink& link) : link_(link), begin_(Clock::now()) {
        ++link_.calls_;
        {
            const std::lock_guard guard(link_.mutex_);
            if (!link_.idle_.empty()) {
                channel_ = std::move(link_.idle_.back());
                link_.idle_.pop_back();
            }
        }
        if (channel_) {
            channel_->deadline = begin_ + link_.limit_;
        } else {
            channel_ = std::make_unique<Channel>(link_.host_, link_.port_, begin_ + link_.limit_);
        }
    }
    ~Lease() {
        link_.took(Clock::now() - begin_);
        if (!channel_->good()) {
            link_.failed();
            return;
        }
        const std::lock_guard guard(link_.mutex_);
        if (link_.idle_.size() < kIdleMax) link_.idle_.push_back(std::move(channel_));
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    template <class... Texts>
    void say(const Texts&... texts) {
        if (channel_->good()) channel_->say(texts...);
    }
    Reply hear() {
        if (!channel_->good()) return nullptr;
        Reply reply = channel_->hear();
        if (reply && reply->type == REDIS_REPLY_ERROR) return nullptr;  // full, loading, read-only: as if it were gone
        return reply;
    }
    template <class... Texts>
    Reply ask(const Texts&... texts) {
        say(texts...);
        return hear();
    }

  private:
    RedisLink& link_;
    Clock::time_point begin_;
    std::unique_ptr<Channel> channel_;
};

RedisLink::RedisLink(std::string_view address, std::chrono::milliseconds limit) : limit_(limit) {
    const std::size_t colon = address.rfind(':');
    const std::string_view port = colon == std::string_view::npos ? "" : address.substr(colon + 1);
    const auto parsed = std::from_chars(port.data(), port.data() + port.size(), port_);
    if (parsed.ec != std::errc{} || parsed.ptr != port.data() + port.size() || port_ < 1 || port_ > 65'535) {
        throw std::runtime_error("redis: expected host:port, got '" + std::string(address) + "'");
    }
    host_ = address.substr(0, colon);
}

RedisLink::~RedisLink() = default;

void RedisLink::failed() {
    ++failures_;
    leave_alone_until_ = now() + kLeaveAlone;
    const std::lock_guard guard(mutex_);
    idle_.clear();
}

void RedisLink::took(std::chrono::nanoseconds time) {
    // One in eight counts anew. Lost updates between threads do not matter.
    const std::int64_t before = typical_us_.load(std::memory_order_relaxed);
    const std::int64_t us = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
    typical_us_.store(before == 0 ? us : (before * 7 + us) / 8, std::memory_order_relaxed);
}

bool RedisLink::worth_asking(std::int64_t us) {
    const std::int64_t always = std::chrono::microseconds(limit_).count() / 3;
    if (typical_us_.load(std::memory_order_relaxed) <= std::max(us, always)) return true;
    const Instant at = now();
    Instant next = ask_again_at_.load(std::memory_order_relaxed);
    return next <= at && ask_again_at_.compare_exchange_strong(next, at + kAskAgain);
}

bool RedisLink::usable() const {
    return now() >= leave_alone_until_;
}

std::optional<std::string> RedisLink::get(const std::string& key) {
    if (!usable()) return std::nullopt;
    Lease lease(*this);
    const Reply reply = lease.ask("GET", key);
    if (!reply || reply->type != REDIS_REPLY_STRING) return std::nullopt;
    return std::string(reply->str, reply->len);
}

void RedisLink::set(const std::string& key, std::string_view value, Instant life) {
    if (!usable()) return;
    Lease lease(*this);
    (void)lease.ask("SET", key, value, "PX", std::to_string(life));
}

std::optional<std::int64_t> RedisLink::count(const std::string& key, Instant window, std::int64_t amount) {
    if (!usable()) return std::nullopt;
    Lease lease(*this);
    // The counter and its end are made in one step, so a crash in between cannot leave one that never ends.
    lease.say("SET", key, "0", "PX", std::to_string(window), "NX");
    lease.say("INCRBY", key, std::to_string(amount));
    (void)lease.hear();
    const Reply reply = lease.hear();
    if (!reply || reply->type != REDIS_REPLY_INTEGER) return std::nullopt;
    return reply->integer;
}

void RedisLink::forget(const std::string& key) {
    if (!usable()) return;
    Lease lease(*this);
    (void)lease.ask("DEL", key);
}

bool RedisLink::ping() {
    if (!usable()) return false;
    Lease lease(*this);
    const Reply reply = lease.ask("PING");
    return reply && reply->type == REDIS_REPLY_STATUS;
}

RedisCounts RedisLink::counts() const {
    return {calls_, failures_};
}

}  // namespace forum
