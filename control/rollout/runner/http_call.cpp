#include "control/rollout/runner/http_call.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <string>
#include <utility>

#include "control/net/http_client.h"
#include "control/rollout/url.h"

namespace switchyard::control::rollout {

namespace {

net::HttpCall call_for(const Url& url, const HttpAsk& ask) {
    net::HttpCall call;
    call.method = ask.body.empty() ? "GET" : "POST";
    call.target = url.target;
    call.headers = {{"User-Agent", "switchyard-rollout"}, {"Connection", "close"}};
    if (ask.read_answer) call.headers.emplace_back("Accept", "application/json");
    if (!ask.body.empty()) call.headers.emplace_back("Content-Type", "application/json");
    call.body = ask.body;
    call.limit = ask.timeout;
    call.until = ask.read_answer ? net::HttpCall::Until::end : net::HttpCall::Until::head;
    call.most_body = kMostAnswer;
    return call;
}

boost::asio::awaitable<HttpOutcome> call_once(boost::asio::any_io_executor executor, net::HttpServer server,
                                              net::HttpCall call) {
    net::HttpClient client(executor, std::move(server));
    co_return co_await client.ask(std::move(call));
}

void finish(HttpOutcome outcome, const HttpDone& done) {
    if (outcome.error.empty() && !outcome.ok()) outcome.error = "answered " + std::to_string(outcome.status);
    done(std::move(outcome));
}

}  // namespace

void http_call(const boost::asio::any_io_executor& executor, const HttpAsk& ask, HttpDone done,
               net::TlsClientSettings tls) {
    const auto url = Url::parse(ask.url);
    if (!url) return done({0, "not a URL: " + ask.url});
    net::HttpServer server{std::string(url->scheme()) + "://" + url->authority(), std::move(tls)};
    boost::asio::co_spawn(executor, call_once(executor, std::move(server), call_for(*url, ask)),
                          [done = std::move(done)](const std::exception_ptr& thrown, HttpOutcome outcome) {
                              if (thrown) outcome = {0, "the call failed"};
                              finish(std::move(outcome), done);
                          });
}

}  // namespace switchyard::control::rollout
