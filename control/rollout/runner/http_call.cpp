#include "control/rollout/runner/http_call.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <memory>
#include <utility>

#include "control/net/http_client.h"
#include "control/rollout/url.h"

namespace switchyard::control::rollout {

namespace {

std::string request_for(const Url& url, const std::string& body, bool read_answer) {
    const std::string rest =
        body.empty() ? "\r\n"
                     : fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
    return fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: switchyard-rollout\r\nConnection: close\r\n{}{}",
                       body.empty() ? "GET" : "POST", url.target, url.authority(),
                       read_answer ? "Accept: application/json\r\n" : "", rest);
}

void finish(HttpOutcome outcome, const HttpDone& done) {
    if (outcome.error.empty() && !outcome.ok()) outcome.error = "answered " + std::to_string(outcome.status);
    done(std::move(outcome));
}

void secure_call(const boost::asio::any_io_executor& executor, const Url& url, const HttpAsk& ask, HttpDone done) {
    net::HttpCall call;
    call.method = ask.body.empty() ? "GET" : "POST";
    call.target = url.target;
    call.headers = {{"User-Agent", "switchyard-rollout"}, {"Connection", "close"}};
    if (ask.read_answer) call.headers.emplace_back("Accept", "application/json");
    if (!ask.body.empty()) call.headers.emplace_back("Content-Type", "application/json");
    call.body = ask.body;
    call.limit = std::chrono::duration_cast<std::chrono::milliseconds>(ask.timeout);
    if (ask.read_answer) call.most_body = kMostAnswer;
    const auto client = std::make_shared<net::HttpClient>(executor, net::HttpServer{"https://" + url.authority()});
    client->ask(std::move(call), [client, done = std::move(done)](net::HttpAnswer answer) {
        finish({.status = answer.status, .error = std::move(answer.error), .body = std::move(answer.body)}, done);
    });
}

}  // namespace

void http_call(boost::asio::any_io_executor executor, const HttpAsk& ask, HttpDone done) {
    const auto parsed = Url::parse(ask.url);
    if (!parsed) return done({0, "not a URL: " + ask.url});
    if (parsed->secure) return secure_call(executor, *parsed, ask, std::move(done));
    OutboundCall call;
    call.to = {config::Address::Kind::name, parsed->host, parsed->port};
    call.request = request_for(*parsed, ask.body, ask.read_answer);
    call.timeout = ask.timeout;
    if (ask.read_answer) call.most_body = kMostAnswer;
    boost::asio::co_spawn(executor, make_call(std::move(call)),
                          [done = std::move(done)](const std::exception_ptr& thrown, HttpOutcome outcome) {
                              if (thrown) outcome = {0, "the call failed"};
                              finish(std::move(outcome), done);
                          });
}

}  // namespace switchyard::control::rollout
