// GET /v1/generations[/{g}] · /v1/generations/{g}/diff/{h} · /v1/audit[/verify]
#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <charconv>
#include <memory>

#include "config/check/diff.h"
#include "config/fields/render.h"
#include "config/parse.h"
#include "control/admin/call/body.h"
#include "control/admin/handlers/handlers.h"
#include "control/admin/handlers/json_patch.h"

namespace switchyard::control::handlers {
namespace {

constexpr std::uint64_t kDefaultLimit = 100;
constexpr std::uint64_t kLargestLimit = 1000;

Json summary(const Generation& g) {
    Json out = {{"generation", g.number}, {"parent", g.parent}, {"at", g.at},         {"who", g.who},
                {"from", g.from},         {"verb", g.verb},     {"reason", g.reason}, {"changes", g.changes}};
    return out;
}

Result<config::Model> model_of(const HistoryDesk& desk, std::uint64_t number) {
    const auto found = desk.store.generation(number);
    if (!found) return found.error();
    if (!*found) return problems::not_found("generation " + std::to_string(number) + " is not in the history");
    auto parsed = config::parse_stored((*found)->config);
    if (!parsed.model)
        return problems::internal("generation " + std::to_string(number) + " does not fit this version of the format");
    return std::move(*parsed.model);
}

struct Page {
    std::uint64_t before = 0;
    unsigned limit = 0;
};

Result<Page> page_of(const AdminRequest& request) {
    const auto before = query_number(request, "before", 0);
    if (!before) return before.error();
    const auto limit = query_number(request, "limit", kDefaultLimit);
    if (!limit) return limit.error();
    return Page{*before, static_cast<unsigned>(std::min(*limit, kLargestLimit))};
}

// ?anchor=LINE:HASH
Result<std::optional<AuditAnchor>> anchor_of(const AdminRequest& request) {
    const auto text = request.query_value("anchor");
    if (!text) return std::optional<AuditAnchor>();
    const auto colon = text->find(':');
    AuditAnchor anchor;
    const auto* end = text->data() + std::min(colon, text->size());
    const auto read = std::from_chars(text->data(), end, anchor.number);
    if (colon == text->npos || read.ec != std::errc() || read.ptr != end || anchor.number == 0)
        return problems::bad_request("anchor must be LINE:HASH, as an earlier verify told it, not " + *text);
    anchor.hash = text->substr(colon + 1);
    return std::optional(std::move(anchor));
}

AdminReply verdict_reply(const AuditVerdict& verdict) {
    Json out = {{"intact", verdict.intact}, {"entries", verdict.entries}};
    if (verdict.intact) {
        out["anchor"] = fmt::format("{}:{}", verdict.entries, verdict.head);
    } else {
        out["first_bad"] = verdict.first_bad;
        out["detail"] = verdict.detail;
    }
    return reply(out);
}

// A slice, and the rest behind whatever else control has to do.
void verify_on(const HistoryDesk& desk, std::shared_ptr<AuditVerification> so_far, Respond respond) {
    if (auto looked = desk.store.verify_slice(*so_far); !looked) return respond(reply(looked.error()));
    if (so_far->done) return respond(verdict_reply(so_far->verdict));
    boost::asio::post(desk.executor, [desk, so_far = std::move(so_far), respond = std::move(respond)] {
        verify_on(desk, so_far, respond);
    });
}

}  // namespace

void get_generations(const HistoryDesk& desk, const AdminRequest& request, Respond respond) {
    const auto page = page_of(request);
    if (!page) return respond(reply(page.error()));
    const auto found = desk.store.generations(page->before, page->limit);
    if (!found) return respond(reply(found.error()));
    Json out = Json::array();
    for (const auto& g : *found) {
        out.push_back(summary(g));
        out.back()["in_force"] = g.number == desk.controller.generation();
    }
    respond(reply(Json{{"generations", std::move(out)}}));
}

void get_generation(const HistoryDesk& desk, const AdminRequest& request, Respond respond) {
    const auto number = place_number(request, 0);
    if (!number) return respond(reply(number.error()));
    const auto found = desk.store.generation(*number);
    if (!found) return respond(reply(found.error()));
    if (!*found)
        return respond(reply(problems::not_found("generation " + request.places[0] + " is not in the history")));
    const auto model = model_of(desk, *number);
    if (!model) return respond(reply(model.error()));
    Json out = summary(**found);
    if (!(*found)->certificates.empty()) out["certificates"] = (*found)->certificates;
    out["config"] = config::render(*model, config::Secrets::redact);
    respond(reply(out));
}

void diff_generations(const HistoryDesk& desk, const AdminRequest& request, Respond respond) {
    const auto from = place_number(request, 0);
    if (!from) return respond(reply(from.error()));
    const auto to = place_number(request, 1);
    if (!to) return respond(reply(to.error()));
    const auto before = model_of(desk, *from);
    if (!before) return respond(reply(before.error()));
    const auto after = model_of(desk, *to);
    if (!after) return respond(reply(after.error()));
    // Redacted before they are compared: a changed secret shows in words, never as a value.
    const auto a = config::render(*before, config::Secrets::redact);
    const auto b = config::render(*after, config::Secrets::redact);
    respond(reply(
        Json{{"from", *from}, {"to", *to}, {"changes", config::diff(*before, *after)}, {"patch", json_patch(a, b)}}));
}

void get_audit(const HistoryDesk& desk, const AdminRequest& request, Respond respond) {
    const auto page = page_of(request);
    if (!page) return respond(reply(page.error()));
    const auto found = desk.store.audit(page->before, page->limit);
    if (!found) return respond(reply(found.error()));
    Json out = Json::array();
    for (const auto& e : *found)
        out.push_back({{"number", e.number},
                       {"at", e.at},
                       {"who", e.who},
                       {"from", e.from},
                       {"verb", e.verb},
                       {"reason", e.reason},
                       {"generation", e.generation},
                       {"changes", e.changes},
                       {"previous_hash", e.previous_hash},
                       {"hash", e.hash}});
    respond(reply(Json{{"audit", std::move(out)}}));
}

void verify_audit(const HistoryDesk& desk, const AdminRequest& request, Respond respond) {
    const auto anchor = anchor_of(request);
    if (!anchor) return respond(reply(anchor.error()));
    auto verification = std::make_shared<AuditVerification>();
    verification->anchor = *anchor;
    verify_on(desk, std::move(verification), std::move(respond));
}

}  // namespace switchyard::control::handlers
