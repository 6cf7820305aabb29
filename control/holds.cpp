#include "control/holds.h"

#include <algorithm>

#include "config/model.h"
#include "control/core/way_back.h"
#include "control/edits/hold.h"

namespace switchyard::control {
namespace {

// Refused (the disk is full, another change waits for its confirmation): it was promised, and is tried again.
constexpr std::chrono::seconds kAgain{1};

}  // namespace

Holds::Holds(const boost::asio::any_io_executor& executor, Ports ports) : ports_(std::move(ports)), timer_(executor) {}

void Holds::follow(const config::Model& model) {
    timer_.cancel();
    const auto end = edits::first_end_of_holds(model);
    if (!end) return;
    look_again(std::chrono::seconds(std::max<std::int64_t>(0, *end - ports_.now_s())));
}

void Holds::look_again(std::chrono::seconds in) {
    timer_.expires_after(in);
    timer_.async_wait([this, alive = std::weak_ptr(alive_)](boost::system::error_code ec) {
        if (!ec && !alive.expired()) end_what_is_over();
    });
}

void Holds::end_what_is_over() {
    const auto now_s = ports_.now_s();
    const auto end = edits::first_end_of_holds(ports_.model());
    if (!end) return;
    if (*end > now_s || !ports_.decides()) return look_again(kAgain);
    Change change;
    change.verb = kHoldEndedVerb;
    change.caller = {"switchyard", "", "the time of what was held is over"};
    change.force = true;
    change.edit = [now_s](config::Model model, const Facts&) -> Result<config::Model> {
        edits::end_holds(model, now_s);
        return model;
    };
    ports_.change(std::move(change), [this, alive = std::weak_ptr(alive_)](const Answer& answer) {
        if (!answer && !alive.expired()) look_again(kAgain);
    });
}

}  // namespace switchyard::control
