#include "forum/cache/redis_link.h"

#include <hiredis/hiredis.h>

#include <array>
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

timeval timeval_of(std::chrono::milliseconds limit) {
    return {static_cast<time_t>(limit.count() / 1'000), static_cast<suseconds_t>((limit.count() % 1'000) * 1'000)};
}

}  // namespace

struct RedisLink::Channel {
    redisContext* context;

    Channel(const std::string& host, int port, std::chrono::milliseconds limit)
        : context(redisConnectWithTimeout(host.c_str(), port, timeval_of(limit))) {
        if (good()) redisSetTimeout(context, timeval_of(limit));
    }
    ~Channel() {
        if (context != nullptr) redisFree(context);
    }
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    bool good() const { return context != nullptr && context->err == 0; }

    // Arguments one by one with their lengths: nothing in a key or value is ever read as a command.
    template <class... Texts>
    Reply ask(const Texts&... texts) {
        const std::array<const char*, sizeof...(Texts)> begins = {std::string_view(texts).data()...};
        const std::array<std::size_t, sizeof...(Texts)> lengths = {std::string_view(texts).size()...};
        return Reply(static_cast<redisReply*>(redisCommandArgv(
            context, static_cast<int>(begins.size()), const_cast<const char**>(begins.data()), lengths.data())));
    }
};

// Gives the connection back unless something went wrong with it.
class RedisLink::Lease {
  public:
    explicit Lease(RedisLink& link) : link_(link) {
        ++link_.calls_;
        {
            const std::lock_guard guard(link_.mutex_);
            if (!link_.idle_.empty()) {
                channel_ = std::move(link_.idle_.back());
                link_.idle_.pop_back();
                return;
            }
        }
        channel_ = std::make_unique<Channel>(link_.host_, link_.port_, link_.limit_);
    }
    ~Lease() {
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
    Reply ask(const Texts&... texts) {
        if (!channel_->good()) return nullptr;
        Reply reply = channel_->ask(texts...);
        if (reply && reply->type == REDIS_REPLY_ERROR) return nullptr;  // full, loading, read-only: as if it were gone
        return reply;
    }

  private:
    RedisLink& link_;
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

std::optional<std::int64_t> RedisLink::count(const std::string& key, Instant window) {
    if (!usable()) return std::nullopt;
    Lease lease(*this);
    // The counter and its end are made in one step, so a crash in between cannot leave one that never ends.
    (void)lease.ask("SET", key, "0", "PX", std::to_string(window), "NX");
    const Reply reply = lease.ask("INCR", key);
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
