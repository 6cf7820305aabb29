#include "control/names/dns_client.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/select.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <utility>

#include "config/model/name_server.h"
#include "control/names/canonical_address.h"

namespace switchyard::control {
namespace {

namespace asio = boost::asio;
using HeardAddresses = AddressBook::Answer;

constexpr int kDatagram = 1232;  // bytes; passes every network unbroken (DNS flag day 2020)

HeardAddresses failed(int status) {
    switch (status) {
        case ARES_ENOTFOUND:
            return {false, {}, {}, "there is no such name (NXDOMAIN)"};
        case ARES_ETIMEOUT:
            return {false, {}, {}, "the name server did not answer in time"};
        case ARES_ECONNREFUSED:
            // c-ares says no more than this when every server has failed in one of these ways.
            return {false, {}, {}, "no name server has an answer (not there, SERVFAIL or REFUSED)"};
        default:
            return {false, {}, {}, ares_strerror(status)};
    }
}

// Addresses that lead to no machine are as good as none; where there are no others, they are the failure.
// More than are read stay as they are: what is left of them would be taken for all there is.
HeardAddresses reachable(HeardAddresses all) {
    if (all.addresses.size() > AddressBook::kMostAddresses) return all;
    HeardAddresses out{true, {}, all.ttl, {}};
    for (auto& address : all.addresses) {
        auto why = why_unreachable(address);
        if (why.empty())
            out.addresses.push_back(std::move(address));
        else
            out.why = std::move(why);
    }
    if (out.addresses.empty() && !all.addresses.empty()) out.complete = false;
    return out;
}

template <class Record, class Parse, class Text>
HeardAddresses read_records(unsigned char* bytes, int size, Parse parse, Text text) {
    std::array<Record, AddressBook::kMostAddresses + 1> records{};
    int count = static_cast<int>(records.size());
    const int status = parse(bytes, size, nullptr, records.data(), &count);
    if (status == ARES_ENODATA) return {true, {}, {}, {}};
    if (status != ARES_SUCCESS) return failed(status);
    HeardAddresses out{true, {}, AddressBook::kTtlCeiling, {}};
    for (int i = 0; i < count; ++i) {
        const auto& record = records[static_cast<std::size_t>(i)];
        out.addresses.push_back(text(record));
        out.ttl = std::min(out.ttl, std::chrono::seconds(record.ttl));
    }
    return reachable(std::move(out));
}

template <class Bytes>
std::string text_of(int family, const Bytes& bytes) {
    char text[INET6_ADDRSTRLEN] = "";
    ares_inet_ntop(family, &bytes, text, sizeof text);
    return text;
}

HeardAddresses read_answer(AddressBook::Family family, int status, unsigned char* bytes, int size) {
    if (status == ARES_ENODATA) return {true, {}, {}, {}};
    if (status != ARES_SUCCESS) return failed(status);
    if (family == AddressBook::Family::v4)
        return read_records<ares_addrttl>(bytes, size, ares_parse_a_reply,
                                          [](const auto& r) { return text_of(AF_INET, r.ipaddr); });
    return read_records<ares_addr6ttl>(bytes, size, ares_parse_aaaa_reply,
                                       [](const auto& r) { return text_of(AF_INET6, r.ip6addr); });
}

}  // namespace

// One c-ares channel in Asio. It dies from a handler of its own, never inside c-ares: questions keep it alive until
// their answers are on their way.
class DnsClient::Channel : public std::enable_shared_from_this<Channel> {
  public:
    Channel(asio::any_io_executor executor, const config::Resolver& settings)
        : executor_(std::move(executor)), timer_(executor_) {
        ares_library_init(ARES_LIB_INIT_ALL);
        char lookups[] = "b";  // the name servers only
        ares_options options{};
        options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_EDNS;
        options.ndots = 0;
        options.ednspsz = kDatagram;
        options.timeout = static_cast<int>(settings.timeout.count());
        options.tries = static_cast<int>(settings.attempts);
        options.lookups = lookups;
        options.sock_state_cb = [](void* self, ares_socket_t fd, int reads, int writes) {
            static_cast<Channel*>(self)->want(fd, reads != 0, writes != 0);
        };
        options.sock_state_cb_data = this;
        const int status = ares_init_options(&channel_, &options,
                                             ARES_OPT_FLAGS | ARES_OPT_NDOTS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS |
                                                 ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB);
        if (status != ARES_SUCCESS) {
            channel_ = nullptr;
            broken_ = status;
            return;
        }
        if (settings.servers.empty()) return;
        std::vector<std::string> servers;
        for (const auto& server : settings.servers)
            if (const auto address = config::name_server(server)) servers.push_back(address->text());
        const auto list = fmt::format("{}", fmt::join(servers, ","));
        if (const int set = ares_set_servers_ports_csv(channel_, list.c_str()); set != ARES_SUCCESS) broken_ = set;
    }
    ~Channel() {
        if (channel_ != nullptr) ares_destroy(channel_);
    }
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    // `read` makes of a reply what is then called from the loop.
    using Read = std::function<std::function<void()>(int status, unsigned char* bytes, int size)>;
    void ask(const std::string& name, int type, Read read) {
        if (broken_) return asio::post(executor_, read(*broken_, nullptr, 0));
        auto* question = new Question{shared_from_this(), std::move(read)};
        ares_query(
            channel_, name.c_str(), ns_c_in, type,
            [](void* arg, int status, int, unsigned char* bytes, int size) {
                const std::unique_ptr<Question> asked(static_cast<Question*>(arg));
                if (status == ARES_EDESTRUCTION || status == ARES_ECANCELLED) return;
                auto& channel = *asked->channel;
                asio::post(channel.executor_, [channel = asked->channel, tell = asked->read(status, bytes, size)] {
                    if (!channel->abandoned_) tell();
                });
            },
            question);
        arm();
    }
    void abandon() {
        abandoned_ = true;
        if (channel_ != nullptr) ares_cancel(channel_);
        timer_.cancel();
    }

  private:
    struct Question {
        std::shared_ptr<Channel> channel;
        Read read;
    };
    struct Watch {
        explicit Watch(const asio::any_io_executor& executor, int fd) : descriptor(executor, fd) {}
        asio::posix::stream_descriptor descriptor;
        bool reads = false, writes = false;
        bool reading = false, writing = false;  // waited for
    };

    // c-ares' word on a socket: neither means that it is about to be closed, by c-ares.
    void want(int fd, bool reads, bool writes) {
        auto& watch = watches_[fd];
        if (!reads && !writes) {
            if (watch) watch->descriptor.release();
            watches_.erase(fd);
            return;
        }
        if (!watch) watch = std::make_shared<Watch>(executor_, fd);
        watch->reads = reads;
        watch->writes = writes;
        wait(fd, watch);
    }
    void wait(int fd, const std::shared_ptr<Watch>& watch) {
        if (watch->reads && !std::exchange(watch->reading, true))
            watch->descriptor.async_wait(asio::posix::stream_descriptor::wait_read, when_ready(fd, watch, true));
        if (watch->writes && !std::exchange(watch->writing, true))
            watch->descriptor.async_wait(asio::posix::stream_descriptor::wait_write, when_ready(fd, watch, false));
    }
    std::function<void(boost::system::error_code)> when_ready(int fd, std::weak_ptr<Watch> watched, bool to_read) {
        return [weak = weak_from_this(), fd, watched = std::move(watched), to_read](boost::system::error_code ec) {
            const auto self = weak.lock();
            const auto watch = watched.lock();
            if (ec || !self || !watch) return;
            (to_read ? watch->reading : watch->writing) = false;
            ares_process_fd(self->channel_, to_read ? fd : ARES_SOCKET_BAD, to_read ? ARES_SOCKET_BAD : fd);
            // Unless that has closed it, and perhaps opened another one of the same number.
            const auto now = self->watches_.find(fd);
            if (now != self->watches_.end() && now->second == watch) self->wait(fd, watch);
            self->arm();
        };
    }
    void arm() {
        timeval left{};
        if (abandoned_ || ares_timeout(channel_, nullptr, &left) == nullptr) {
            timer_.cancel();
            return;
        }
        timer_.expires_after(std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec));
        timer_.async_wait([weak = weak_from_this()](boost::system::error_code ec) {
            const auto self = weak.lock();
            if (ec || !self) return;
            ares_process_fd(self->channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
            self->arm();
        });
    }

    const asio::any_io_executor executor_;
    asio::steady_timer timer_;
    ares_channel channel_ = nullptr;
    std::optional<int> broken_;
    std::map<int, std::shared_ptr<Watch>> watches_;
    bool abandoned_ = false;
};

DnsClient::DnsClient(asio::any_io_executor executor, const config::Resolver& settings)
    : executor_(std::move(executor)), settings_(settings), channel_(std::make_shared<Channel>(executor_, settings_)) {}

DnsClient::~DnsClient() {
    channel_->abandon();
    for (const auto& former : former_)
        if (const auto channel = former.lock()) channel->abandon();
}

void DnsClient::ask(const std::string& name, AddressBook::Family family, Done done) {
    channel_->ask(name, family == AddressBook::Family::v4 ? ns_t_a : ns_t_aaaa,
                  [family, done = std::move(done)](int status, unsigned char* bytes, int size) {
                      return [done, answer = read_answer(family, status, bytes, size)] { done(answer); };
                  });
}

void DnsClient::ask_services(const std::string& name, ServicesDone done) {
    channel_->ask(name, ns_t_srv, [done = std::move(done)](int status, unsigned char* bytes, int size) {
        SrvAnswer answer;
        if (status == ARES_ENODATA)
            answer.complete = true;
        else if (status == ARES_SUCCESS)
            answer = read_srv(bytes, size);
        else
            answer.why = failed(status).why;
        return [done, answer] { done(answer); };
    });
}

void DnsClient::renew() {
    std::erase_if(former_, [](const auto& former) { return former.expired(); });
    former_.push_back(channel_);
    channel_ = std::make_shared<Channel>(executor_, settings_);
}

}  // namespace switchyard::control
