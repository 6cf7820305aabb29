// GET, PUT /v1/config · POST /v1/config/check · POST /v1/config/apply
#include "config/diff.h"
#include "config/parse.h"
#include "config/render.h"
#include "control/admin/change_call.h"
#include "control/admin/handlers.h"
#include "control/base/digest.h"
#include "control/core/config_file.h"
#include "control/edits/replace.h"

namespace switchyard::control::handlers {
namespace {

struct Document {
    config::Model model;
    edits::ProcessPart process = edits::ProcessPart::must_match;
};

// A document without `process` means the one that runs.
Result<Document> read_document(const Context& context, const AdminRequest& request) {
    auto parsed = parse_body(request);
    if (!parsed) return parsed.error();
    edits::restore_secrets(*parsed, context.controller.model());
    const bool has_process = parsed->is_object() && parsed->contains("process");
    auto result = config::parse(*parsed);
    if (!result.model) return problems::invalid(std::move(result.errors));
    return Document{std::move(*result.model), has_process ? edits::ProcessPart::must_match : edits::ProcessPart::keep};
}

}  // namespace

void get_config(Context& context, const AdminRequest&, Respond respond) {
    AdminReply out;
    out.body = config::render_text(context.controller.model(), config::Secrets::redact);
    out.headers.emplace_back("ETag", '"' + std::to_string(context.controller.generation()) + '"');
    respond(std::move(out));
}

void put_config(Context& context, const AdminRequest& request, Respond respond) {
    auto change = change_call(context, request, "put-config");
    if (!change) return respond(reply(change.error()));
    auto document = read_document(context, request);
    if (!document) return respond(reply(document.error()));
    change->edit = [document = std::move(*document)](const config::Model& now, const Facts&) {
        return edits::replace(now, document.model, document.process);
    };
    context.controller.change(std::move(*change), answer_with(std::move(respond)));
}

void apply_config(Context& context, const AdminRequest& request, Respond respond) {
    auto change = change_call(context, request, "apply");
    if (!change) return respond(reply(change.error()));
    const auto file_wins = wants(request, "file_wins");
    if (!file_wins) return respond(reply(file_wins.error()));
    // With another wish it is another call.
    if (!change->idempotency_key.empty() && *file_wins) change->fingerprint += "+file_wins";
    auto model = model_of_file(request.body, &context.controller.model());
    if (!model) return respond(reply(model.error()));
    const auto hash = sha256_hex(request.body);
    const bool dry_run = change->dry_run;
    context.controller.take_file(
        std::move(*model), hash, *file_wins, std::move(*change),
        [&controller = context.controller, hash, dry_run, answer = answer_with(std::move(respond))](Answer taken) {
            if (taken && !dry_run) controller.file_is(FileStatus::Word::taken, hash, {});
            answer(std::move(taken));
        });
}

void check_config(Context& context, const AdminRequest& request, Respond respond) {
    auto document = read_document(context, request);
    if (!document) return respond(reply(document.error()));
    // Of the process part it is only said what would need a restart.
    const auto& now = context.controller.model();
    const bool restart =
        document->process == edits::ProcessPart::must_match && !(document->model.process == now.process);
    auto next = edits::replace(now, std::move(document->model), edits::ProcessPart::keep);
    if (!next) return respond(reply(next.error()));
    respond(reply(Json{{"valid", true}, {"needs_restart", restart}, {"changes", config::diff(now, *next)}}));
}

}  // namespace switchyard::control::handlers
