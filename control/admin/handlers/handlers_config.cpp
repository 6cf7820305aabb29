// GET, PUT /v1/config · POST /v1/config/check · POST /v1/config/apply
#include <functional>
#include <memory>
#include <optional>

#include "config/check/diff.h"
#include "config/fields/render.h"
#include "config/parse.h"
#include "control/admin/call/change_call.h"
#include "control/admin/handlers/handlers.h"
#include "control/base/digest.h"
#include "control/core/config_file.h"
#include "control/edits/replace.h"
#include "proxy/snapshot/snapshot.h"

namespace switchyard::control::handlers {
namespace {

struct Document {
    config::Model model;
    edits::ProcessPart process = edits::ProcessPart::must_match;
};

// A document without `process` means the one that runs.
Result<Document> read_document(const config::Model& in_force, const AdminRequest& request) {
    auto parsed = parse_body(request);
    if (!parsed) return parsed.error();
    edits::restore_secrets(*parsed, in_force);
    const bool has_process = parsed->is_object() && parsed->contains("process");
    auto result = config::parse(*parsed);
    if (!result.model) return problems::invalid(std::move(result.errors));
    return Document{std::move(*result.model), has_process ? edits::ProcessPart::must_match : edits::ProcessPart::keep};
}

// Megabytes are read beside control's thread; what was read is worked on when
// control is told. `read` must not look at control.
template <class T>
void aside(const DocumentDesk& desk, const Respond& respond, std::function<Result<T>()> read,
           std::function<void(Result<T>)> then) {
    const auto result = std::make_shared<std::optional<Result<T>>>();
    const bool begun =
        desk.aside.run([result, read = std::move(read)] { result->emplace(read()); },
                       [result, then = std::move(then)] {
                           then(*result ? std::move(**result) : Result<T>(problems::internal("it could not be read")));
                       });
    if (!begun) respond(reply(problems::store_busy("too many documents wait to be read")));
}

// A caller that writes certificates and then a whole document means both.
void with_files_of_now(const DocumentDesk& desk, bool dry_run, std::function<void()> then) {
    if (dry_run || desk.controller.snapshot()->certificates.empty()) return then();
    desk.certificates.look([then = std::move(then)](bool) { then(); });
}

Result<Json> checked(const config::Model& now, const AdminRequest& request) {
    auto document = read_document(now, request);
    if (!document) return document.error();
    // Of the process part it is only said what would need a restart.
    const bool restart =
        document->process == edits::ProcessPart::must_match && !(document->model.process == now.process);
    auto next = edits::replace(now, std::move(document->model), edits::ProcessPart::keep);
    if (!next) return next.error();
    return Json{{"valid", true}, {"needs_restart", restart}, {"changes", config::diff(now, *next)}};
}

}  // namespace

void get_config(const InForceDesk& desk, const AdminRequest&, Respond respond) {
    AdminReply out;
    out.body = config::render_text(desk.controller.model(), config::Secrets::redact);
    out.headers.emplace_back("ETag", '"' + std::to_string(desk.controller.generation()) + '"');
    respond(std::move(out));
}

void put_config(const DocumentDesk& desk, const AdminRequest& request, Respond respond) {
    auto change = change_call(desk.controller, request, "put-config");
    if (!change) return respond(reply(change.error()));
    change->document = true;
    aside<Document>(
        desk, respond,
        [request, in_force = desk.controller.shared_model()] { return read_document(*in_force, request); },
        [desk, change = std::move(*change), respond](Result<Document> document) mutable {
            if (!document) return respond(reply(document.error()));
            change.edit = [document = std::move(*document)](const config::Model& now, const Facts&) {
                return edits::replace(now, document.model, document.process);
            };
            with_files_of_now(desk, change.dry_run, [desk, change = std::move(change), respond]() mutable {
                desk.controller.change(std::move(change), answer_with(respond));
            });
        });
}

void apply_config(const DocumentDesk& desk, const AdminRequest& request, Respond respond) {
    auto change = change_call(desk.controller, request, "apply");
    if (!change) return respond(reply(change.error()));
    const auto file_wins = wants(request, "file_wins");
    if (!file_wins) return respond(reply(file_wins.error()));
    // With another wish it is another call.
    if (!change->idempotency_key.empty() && *file_wins) change->fingerprint += "+file_wins";
    aside<config::Model>(
        desk, respond,
        [request, in_force = desk.controller.shared_model()] { return model_of_file(request.body, in_force.get()); },
        [desk, respond, file_wins = *file_wins, hash = sha256_hex(request.body),
         change = std::move(*change)](Result<config::Model> model) mutable {
            if (!model) return respond(reply(model.error()));
            const bool dry_run = change.dry_run;
            with_files_of_now(
                desk, dry_run,
                [desk, respond, file_wins, hash, dry_run, change = std::move(change),
                 model = std::move(*model)]() mutable {
                    desk.controller.take_file(
                        std::move(model), hash, file_wins, std::move(change),
                        [&controller = desk.controller, hash, dry_run, answer = answer_with(respond)](Answer taken) {
                            if (taken && !dry_run) controller.file_is(FileStatus::Word::taken, hash, {});
                            answer(std::move(taken));
                        });
                });
        });
}

void check_config(const DocumentDesk& desk, const AdminRequest& request, Respond respond) {
    aside<Json>(
        desk, respond, [request, in_force = desk.controller.shared_model()] { return checked(*in_force, request); },
        [respond](const Result<Json>& found) { respond(found ? reply(*found) : reply(found.error())); });
}

}  // namespace switchyard::control::handlers
