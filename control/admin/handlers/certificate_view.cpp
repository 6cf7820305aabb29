#include "control/admin/handlers/certificate_view.h"

#include "control/base/timestamp.h"

namespace switchyard::control {
namespace {

constexpr std::int64_t kDay = 24 * 3600;

std::string moment(std::int64_t seconds) {
    return timestamp(from_unix_ms(seconds * 1000));
}

nlohmann::ordered_json acme_view(const acme::Issuance::Status& status) {
    nlohmann::ordered_json out = {{"state", status.state}, {"directory", status.directory}, {"names", status.names}};
    if (!status.step.empty()) out["step"] = status.step;
    if (status.next != 0) out["next"] = moment(status.next);
    out["failures"] = status.failures;
    if (!status.kind.empty()) {
        out["kind"] = status.kind;
        out["said"] = status.said;
    }
    if (status.window) out["window"] = {{"start", moment(status.window->start)}, {"end", moment(status.window->end)}};
    return out;
}

}  // namespace

nlohmann::ordered_json certificate_view(const Certificates::Sight& sight,
                                        const std::optional<acme::Issuance::Status>& asked_for) {
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
    if (asked_for) out["acme"] = acme_view(*asked_for);
    if (!sight.since.empty()) out["since"] = sight.since;
    if (!sight.trouble.empty()) out["trouble"] = {{"detail", sight.trouble}, {"since", sight.trouble_since}};
    return out;
}

}  // namespace switchyard::control
