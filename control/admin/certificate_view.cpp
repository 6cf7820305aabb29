#include "control/admin/certificate_view.h"

#include "control/base/timestamp.h"

namespace switchyard::control {
namespace {

constexpr std::int64_t kDay = 24 * 3600;

std::string moment(std::int64_t seconds) {
    return timestamp(from_unix_ms(seconds * 1000));
}

}  // namespace

nlohmann::ordered_json certificate_view(const Certificates::Sight& sight) {
    nlohmann::ordered_json out = {
        {"name", sight.name},           {"state", sight.unused() ? "unused" : word(sight.standing.word)},
        {"listeners", sight.listeners}, {"upstreams", sight.upstreams},
        {"chain", sight.files.chain},   {"key", sight.files.key}};
    if (!sight.unused() && !sight.standing.detail.empty()) out["detail"] = sight.standing.detail;
    if (const auto& identity = sight.identity) {
        out["names"] = identity->names;
        out["subject"] = identity->subject;
        out["issuer"] = identity->issuer;
        out["serial"] = identity->serial;
        out["key_kind"] = identity->key_kind;
        out["sha256"] = identity->fingerprint;
        out["not_before"] = moment(identity->not_before);
        out["not_after"] = moment(identity->not_after);
        out["days_left"] = (identity->not_after - sight.now) / kDay;
        if (!identity->warnings.empty()) out["warnings"] = identity->warnings;
    }
    if (!sight.since.empty()) out["since"] = sight.since;
    if (!sight.trouble.empty()) out["trouble"] = {{"detail", sight.trouble}, {"since", sight.trouble_since}};
    return out;
}

}  // namespace switchyard::control
