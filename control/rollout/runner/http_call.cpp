#include "control/rollout/runner/http_call.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <utility>

#include "control/rollout/url.h"

namespace switchyard::control::rollout {

namespace {

std::string request_for(const Url& url, const std::string& body, bool read_answer) {
    const std::string host = url.host.find(':') == url.host.npos ? url.host : "[" + url.host + "]";
    const std::string rest =
        body.empty() ? "\r\n"
                     : fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
    return fmt::format("{} {} HTTP/1.1\r\nHost: {}:{}\r\nUser-Agent: switchyard-rollout\r\nConnection: close\r\n{}{}",
                       body.empty() ? "GET" : "POST", url.target, host, url.port,
                       read_answer ? "Accept: application/json\r\n" : "", rest);
}

}  // namespace

void http_call(boost::asio::any_io_executor executor, const HttpAsk& ask, HttpDone done) {
    const auto parsed = Url::parse(ask.url);
    if (!parsed) return done({0, "not a URL: " + ask.url});
    OutboundCall call;
    call.to = {config::Address::Kind::name, parsed->host, parsed->port};
    call.request = request_for(*parsed, ask.body, ask.read_answer);
    call.timeout = ask.timeout;
    if (ask.read_answer) call.most_body = kMostAnswer;
    boost::asio::co_spawn(executor, make_call(std::move(call)),
                          [done = std::move(done)](const std::exception_ptr& thrown, HttpOutcome outcome) {
                              if (thrown) outcome = {0, "the call failed"};
                              if (outcome.error.empty() && !outcome.ok())
                                  outcome.error = "answered " + std::to_string(outcome.status);
                              done(std::move(outcome));
                          });
}

}  // namespace switchyard::control::rollout
