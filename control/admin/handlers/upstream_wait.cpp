#include "control/admin/handlers/upstream_wait.h"

#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>
#include <utility>

#include "control/admin/handlers/upstream_view.h"
#include "control/edits/endpoint.h"

namespace switchyard::control {

UpstreamWait::UpstreamWait(Context& context, std::string upstream, std::uint64_t healthy,
                           std::chrono::milliseconds wait, Respond respond)
    : context_(context),
      upstream_(std::move(upstream)),
      healthy_(healthy),
      timer_(context.executor, wait),
      respond_(std::move(respond)) {}

void UpstreamWait::start() {
    // Health, ejections and changes all are events. They are told while something is being done: looked at afterwards.
    bell_ = context_.controller.events().subscribe(
        [self = shared_from_this()] { boost::asio::post(self->context_.executor, [self] { self->look(); }); });
    timer_.async_wait([self = shared_from_this()](boost::system::error_code ec) {
        if (!ec) self->answer();
    });
    look();
}

void UpstreamWait::look() {
    const auto facts = context_.controller.facts();
    const auto found = facts.find(upstream_);
    if (found == facts.end() || found->second.healthy >= healthy_) answer();
}

void UpstreamWait::answer() {
    auto respond = std::exchange(respond_, nullptr);
    if (!respond) return;
    const auto self = shared_from_this();  // the bell's hold ends here
    context_.controller.events().unsubscribe(bell_);
    timer_.cancel();
    const auto& upstreams = context_.controller.model().upstreams;
    const auto it = upstreams.find(upstream_);
    respond(it == upstreams.end()
                ? reply(problems::not_found(edits::unknown_upstream(context_.controller.model(), upstream_)))
                : reply(upstream_view(context_, it->first, it->second)));
}

}  // namespace switchyard::control
