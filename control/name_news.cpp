#include "control/name_news.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "proxy/base/log.h"

namespace switchyard::control {

void tell_of_name(const AddressBook::News& news, EventLog& events) {
    using Kind = AddressBook::News::Kind;
    const auto now = fmt::format("{}", fmt::join(news.now, ", "));
    nlohmann::ordered_json event = {{"name", news.name}, {"addresses", news.now}};
    switch (news.kind) {
        case Kind::moved:
            event["before"] = news.before;
            if (news.before.empty())
                log_info("{} is at {}", news.name, now);
            else
                log_info("{} is at {} now; was at {}", news.name, now, fmt::join(news.before, ", "));
            break;
        case Kind::failed:
            event["failed"] = news.why;
            if (news.now.empty())
                log_warn("{} cannot be looked up: {}; what is configured by it cannot be used", news.name, news.why);
            else
                log_warn("{} cannot be looked up: {}; going on with {}", news.name, news.why, now);
            break;
        case Kind::well_again:
            log_info("{} can be looked up again: {}", news.name, now);
            break;
    }
    events.add("name", std::move(event));
}

}  // namespace switchyard::control
