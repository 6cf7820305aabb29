#include "control/roll_news.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "proxy/base/log.h"

namespace switchyard::control {

void tell_of_roll(const std::string& upstream, const discovery::Sight& sight, const discovery::Roll::News& news,
                  EventLog& events) {
    using Kind = discovery::Roll::News::Kind;
    const auto listed = [](const std::vector<std::string>& items) { return fmt::format("{}", fmt::join(items, ", ")); };
    nlohmann::ordered_json event = {
        {"upstream", upstream}, {"source", sight.source}, {"roll", sight.roll}, {"endpoints", sight.members.size()}};
    switch (news.kind) {
        case Kind::changed:
            if (!news.added.empty()) event["added"] = news.added;
            if (!news.removed.empty()) event["removed"] = news.removed;
            if (!news.added.empty()) log_info("{}: {} names {}", upstream, sight.source, listed(news.added));
            if (!news.removed.empty())
                log_info("{}: {} names {} no more; it is taken out", upstream, sight.source, listed(news.removed));
            break;
        case Kind::held:
            event["held"] = word(news.held);
            event["about"] = news.about;
            log_warn("{}: {} does not name {} any more; kept, by guard {}", upstream, sight.source, listed(news.about),
                     word(news.held));
            break;
        case Kind::failed:
            event["failed"] = news.why;
            if (sight.stale && *sight.stale >= discovery::Discovery::kLongStale)
                log_error("{}: {} has given no answer for {} s: {}; going on with the {} endpoints that are known",
                          upstream, sight.source, sight.stale->count() / 1000, news.why, sight.members.size());
            else
                log_warn("{}: {} gives no answer: {}; going on with the {} endpoints that are known", upstream,
                         sight.source, news.why, sight.members.size());
            break;
        case Kind::well_again:
            event["well_again"] = true;
            log_info("{}: {} answers again", upstream, sight.source);
            break;
        case Kind::refused:
            event["refused"] = news.about;
            log_warn("{}: {} names what is not taken: {}", upstream, sight.source, listed(news.about));
            break;
    }
    events.add("discovery", std::move(event));
}

}  // namespace switchyard::control
