#include "config/check/host_value.h"

#include "config/text/placeholder.h"
#include "config/text/target_text.h"

namespace switchyard::config {

std::string unfit_for_host(std::string_view value, bool groups) {
    for (const auto& use : placeholders_in(value, groups)) {
        const auto group = group_named(use.word);
        const auto what = placeholder_of(use.word);
        if (group ? group->what == TargetPart::What::path_group
                  : what && what != Placeholder::host && what != Placeholder::request_id)
            return use.word;
    }
    return {};
}

}  // namespace switchyard::config
