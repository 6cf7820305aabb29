// What an import comes to: how much of what kind was lost, what to do about it, and whether the result can be used.
//
// Threads: pure functions.
#pragma once

#include <string>
#include <vector>

#include "config/nginx_import/import.h"

namespace switchyard::config {

struct ImportSummary {
    struct Theme {
        std::string name, advice;
        unsigned lost = 0, changed = 0;
    };
    enum class Verdict {
        usable,
        behind,   // something has to stand in front, named by `reason`
        not_yet,  // parts answer 501 or are closed, named by `reason`
    };

    std::vector<Theme> themes;  // those that have something, in a fixed order
    Verdict verdict = Verdict::usable;
    std::string reason;  // for a reader; empty when usable
};

ImportSummary summarize(const NginxImport& imported);
// "usable", "usable behind a TLS terminator", "not usable as it is: …"
std::string words_of(const ImportSummary& summary);

}  // namespace switchyard::config
