#include "control/etcd/etcd_client.h"

#include <fmt/format.h>

#include <random>
#include <utility>

#include "config/model/secret_value.h"

namespace switchyard::control::etcd {
namespace {

constexpr unsigned kUnauthorized = 401;
constexpr unsigned kBadRequest = 400;  // "user name is empty": no token at all
constexpr unsigned kServerError = 500;

}  // namespace

EtcdClient::EtcdClient(const boost::asio::any_io_executor& executor, config::EtcdServers servers)
    : executor_(executor), servers_(std::move(servers)) {
    std::minstd_rand random{std::random_device{}()};
    member_ = random() % servers_.urls.size();
    next_member();
}

void EtcdClient::next_member() {
    member_ = (member_ + 1) % servers_.urls.size();
    client_ = std::make_unique<net::HttpClient>(executor_, net::HttpServer{servers_.urls[member_], servers_.ca_file});
    token_.clear();
}

net::HttpCall EtcdClient::call_of(const std::string& path, const std::string& body) const {
    net::HttpCall out;
    out.method = "POST";
    out.target = "/v3/" + path;
    out.headers = {{"Content-Type", "application/json"}, {"Grpc-Metadata-hasleader", "true"}};
    if (!token_.empty()) out.headers.emplace_back("Authorization", token_);
    out.body = body;
    out.limit = kCall;
    return out;
}

void EtcdClient::authenticate(std::function<void(std::string why)> done) {
    std::string why;
    const auto password = config::secret_value(servers_.password, &why);
    if (!password) return done(why);
    token_.clear();
    client_->ask(call_of("auth/authenticate", authenticate_request(servers_.user, *password)),
                 [this, done = std::move(done)](net::HttpAnswer answer) {
                     if (answer.status == 0) return done(answer.error);
                     const auto token = answer.ok() ? read_token(answer.body) : std::nullopt;
                     if (!token) return done(error_message(answer.status, answer.body));
                     token_ = *token;
                     done("");
                 });
}

// `tries`: that are left after this one.
void EtcdClient::call(const std::string& path, const std::string& body, unsigned tries, net::HttpClient::Done done) {
    if (!servers_.user.empty() && token_.empty())
        return authenticate([this, path, body, tries, done = std::move(done)](std::string why) {
            if (why.empty()) return call(path, body, tries, done);
            next_member();
            if (tries > 0) return call(path, body, tries - 1, done);
            net::HttpAnswer failed;
            failed.error = "authenticating: " + why;
            done(std::move(failed));
        });
    client_->ask(call_of(path, body), [this, path, body, tries, done = std::move(done)](net::HttpAnswer answer) {
        const bool stranger =
            answer.status == kUnauthorized || (answer.status == kBadRequest && !servers_.user.empty());
        if (tries > 0 && stranger && !servers_.user.empty()) {
            token_.clear();
            return call(path, body, tries - 1, done);
        }
        if (tries > 0 && (answer.status == 0 || answer.status >= kServerError)) {
            next_member();
            return call(path, body, tries - 1, done);
        }
        done(std::move(answer));
    });
}

void EtcdClient::read(const std::string& prefix, Answered done) {
    call("kv/range", range_request(prefix), 1, [done = std::move(done)](net::HttpAnswer answer) {
        if (answer.status == 0) return done(std::nullopt, answer.error);
        if (!answer.ok()) return done(std::nullopt, error_message(answer.status, answer.body));
        std::string why;
        auto range = read_range(answer.body, &why);
        done(std::move(range), std::move(why));
    });
}

void EtcdClient::watch(const std::string& prefix, std::int64_t from_revision, Said said, Lost lost) {
    watching_ = std::make_unique<net::HttpClient>(executor_, net::HttpServer{servers_.urls[member_], servers_.ca_file});
    auto call = call_of("watch", watch_request(prefix, from_revision));
    call.limit = kSilence;
    watching_->stream(
        std::move(call), [said = std::move(said)](std::string_view line) { said(read_watch_line(line)); },
        [lost = std::move(lost)](net::HttpAnswer answer) {
            lost(answer.status == 0 ? answer.error
                 : answer.ok()      ? std::string("the watch ended")
                                    : error_message(answer.status, answer.body));
        });
}

}  // namespace switchyard::control::etcd
