#include "control/acme/directory_client.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "control/acme/renewal.h"

namespace switchyard::control::acme {
namespace {

constexpr std::size_t kMostNonces = 8;

bool refuses_nonce(const net::HttpAnswer& answer) {
    if (answer.status != 400) return false;
    const auto body = nlohmann::json::parse(answer.body, nullptr, false);
    return body.is_object() && body.value("type", nlohmann::json()) == "urn:ietf:params:acme:error:badNonce";
}

}  // namespace

DirectoryClient::DirectoryClient(boost::asio::any_io_executor executor, std::string ca_file, AccountKey key,
                                 std::function<std::int64_t()> now)
    : executor_(std::move(executor)), ca_file_(std::move(ca_file)), key_(std::move(key)), now_(std::move(now)) {}

void DirectoryClient::ask(const std::string& url, net::HttpCall call, std::function<void(net::HttpAnswer)> done) {
    const auto host = url.find("//") + 2;
    const auto slash = std::min(url.find('/', host), url.size());
    auto& client = clients_[url.substr(0, slash)];
    if (!client)
        client =
            std::make_unique<net::HttpClient>(executor_, net::HttpServer{url.substr(0, slash), {.ca_file = ca_file_}});
    call.target = slash == url.size() ? "/" : url.substr(slash, url.find('#', slash) - slash);
    call.limit = kLimit;
    call.most_body = kLargestAnswer;
    client->ask(std::move(call), [this, done = std::move(done)](net::HttpAnswer answer) {
        const auto& nonce = answer.header("replay-nonce");
        if (!nonce.empty() && nonces_.size() < kMostNonces) nonces_.push_back(nonce);
        done(std::move(answer));
    });
}

Reply DirectoryClient::reply_of(net::HttpAnswer answer) const {
    Reply out;
    out.status = answer.status;
    out.location = answer.header("location");
    out.retry_after = read_retry_after(answer.header("retry-after"), now_());
    out.body = answer.status == 0 ? std::move(answer.error) : std::move(answer.body);
    return out;
}

void DirectoryClient::get(const std::string& url, Done done) {
    ask(url, {}, [this, done = std::move(done)](net::HttpAnswer answer) { done(reply_of(std::move(answer))); });
}

void DirectoryClient::post(const std::string& url, const std::string& by, std::optional<nlohmann::ordered_json> payload,
                           Done done) {
    send(std::make_shared<Call>(Call{url, by, std::move(payload), std::move(done)}));
}

void DirectoryClient::send(const std::shared_ptr<Call>& call) {
    if (nonces_.empty()) {
        ask(new_nonce_, {}, [this, call](net::HttpAnswer answer) {
            if (!nonces_.empty()) return send(call);
            if (answer.status != 0) answer.error = "it gives no nonce";
            answer.status = 0;
            call->done(reply_of(std::move(answer)));
        });
        return;
    }
    // The latest: one that lay for long may be forgotten there.
    const auto nonce = std::move(nonces_.back());
    nonces_.pop_back();
    net::HttpCall request{.method = "POST", .headers = {{"Content-Type", "application/jose+json"}}};
    // A nonce or a URL of theirs that is no UTF-8 cannot be signed; nor can anything where OpenSSL fails.
    try {
        request.body = signed_body(key_, call->by, call->url, nonce, call->payload);
    } catch (const std::exception& e) {
        return call->done({.body = std::string("what is to be said cannot be signed: ") + e.what()});
    }
    ask(call->url, std::move(request), [this, call](net::HttpAnswer answer) {
        if (refuses_nonce(answer) && ++call->refused <= kMostRefused) return send(call);
        call->done(reply_of(std::move(answer)));
    });
}

}  // namespace switchyard::control::acme
