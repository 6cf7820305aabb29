#include "forum/server/request_flow.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <thread>
#include <utility>

#include "forum/api/json_text.h"
#include "forum/auth/digest.h"
#include "forum/domain/public_id.h"
#include "forum/domain/utf8.h"

namespace forum {

namespace {

constexpr std::size_t kRequestIdMax = 64;
constexpr int kFailure = 500;

bool is_usable_id(const std::string& id) {
    return !id.empty() && id.size() <= kRequestIdMax && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
               c == '.';
    });
}

class InFlight {
  public:
    explicit InFlight(Lifecycle& life) : life_(life) { ++life_.in_flight; }
    ~InFlight() { --life_.in_flight; }
    InFlight(const InFlight&) = delete;
    InFlight& operator=(const InFlight&) = delete;

  private:
    Lifecycle& life_;
};

}  // namespace

RequestFlow::RequestFlow(Dispatcher& dispatcher, Service& service, RequestLog& log, const Settings& settings)
    : dispatcher_(dispatcher),
      service_(service),
      log_(log),
      logged_(settings.text("log-requests") == "all"    ? Logged::all
              : settings.text("log-requests") == "none" ? Logged::none
                                                        : Logged::failures),
      fail_percent_(settings.integer("fail-percent")),
      crash_after_(settings.integer("crash-after")),
      delay_(settings.duration("delay")) {}

std::optional<Answer> RequestFlow::rehearsed_fault(const Call& call) {
    // Probes stay honest: a rehearsal shows what users meet and what the release machinery makes of it.
    if (!call.path.starts_with("/api/")) return std::nullopt;
    const std::int64_t number = ++rehearsed_;
    if (crash_after_ > 0 && number > crash_after_) std::raise(SIGKILL);
    if (delay_.count() > 0) std::this_thread::sleep_for(delay_);
    // Spread evenly, so that a short rehearsal has its share too.
    if (number * fail_percent_ / 100 == (number - 1) * fail_percent_ / 100) return std::nullopt;
    return problem(500, "rehearsed", "this failure was ordered with --fail-percent");
}

Answer RequestFlow::answer(Call& call) {
    const InFlight in_flight(service_.lifecycle);
    const auto begin = std::chrono::steady_clock::now();
    if (!is_usable_id(call.request_id)) call.request_id = public_id_from(random_bits());
    Dispatched done{{}, "unknown", ""};
    if (auto fault = rehearsed_fault(call)) {
        done.answer = std::move(*fault);
    } else {
        done = dispatcher_.dispatch(call);
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    service_.metrics.count(done.operation, done.answer.status, seconds);
    const bool is_probe =
        !call.path.starts_with("/api/") && done.answer.status < kFailure && done.operation != "unknown";
    if ((logged_ == Logged::all && !is_probe) || (logged_ == Logged::failures && done.answer.status >= kFailure)) {
        log_line(call, done, seconds);
    }
    return std::move(done.answer);
}

void RequestFlow::log_line(const Call& call, const Dispatched& done, double seconds) {
    JsonText json;
    json.begin_object()
        .key("time")
        .instant(now())
        .member("level", done.answer.status >= kFailure ? "error" : "info")
        .member("event", "request")
        .member("id", call.request_id)
        .member("client", is_utf8(call.address) ? call.address : "?")
        .member("method", call.method)
        .member("path", is_utf8(call.path) ? call.path : "?")
        .member("operation", done.operation)
        .member("status", done.answer.status)
        .member("bytes_in", static_cast<std::int64_t>(call.body.size()))
        .member("bytes_out", static_cast<std::int64_t>(done.answer.body.size()))
        .member("duration_us", static_cast<std::int64_t>(seconds * 1e6));
    if (!call.caller.username.empty()) json.member("user", call.caller.username);
    if (!done.failure.empty()) json.member("failure", done.failure);
    json.end_object();
    log_.line(json.text());
}

}  // namespace forum
