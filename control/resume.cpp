#include "control/resume.h"

#include <fmt/format.h>

#include <utility>

#include "config/check/validate.h"
#include "config/fields/render.h"
#include "config/merge/merge.h"
#include "config/model/candidate.h"
#include "config/parse.h"

namespace switchyard::control {
namespace {

// The folder is where this state was found; a state that was moved is no other configuration.
bool same_but_for_the_folder(const config::Model& a, config::Model b) {
    b.process.state_dir = a.process.state_dir;
    return a == b;
}

Beginning resumed(config::Model state, const StateAtStart& kept) {
    const bool renumbered = kept.next > kept.newest->number + 1;
    Beginning out;
    out.model = std::move(state);
    out.generation = renumbered ? kept.next : kept.newest->number;
    out.fresh = renumbered;
    out.verb = "resume";
    return out;
}

Beginning from(config::Model model, const StateAtStart& kept, std::string verb) {
    Beginning out;
    out.model = std::move(model);
    out.generation = kept.next;
    out.fresh = true;
    out.verb = std::move(verb);
    out.new_base = true;
    return out;
}

}  // namespace

Result<Beginning> beginning(const FileAtStart& file, const StateAtStart& kept, bool from_file) {
    if (!kept.newest || from_file) {
        if (!file.model || file.problem) return *file.problem;
        return from(*file.model, kept, kept.newest ? "file" : "start");
    }
    auto parsed = config::parse_stored(kept.newest->config);
    if (!parsed.model) {
        std::string detail = parsed.errors.empty() ? "" : parsed.errors[0].pointer + ": " + parsed.errors[0].detail;
        return problems::internal(
            fmt::format("generation {} of the state file does not fit this version ({}); "
                        "start with --from-file to begin from the configuration file",
                        kept.newest->number, detail));
    }
    const auto in_store = *parsed.model;
    auto state = std::move(*parsed.model);
    if (file.model) state.process = file.model->process;  // what this process was started with
    const auto without_file = [&](Problem problem) {
        auto out = resumed(state, kept);
        out.file = word_of(problem);
        out.problem = std::move(problem);
        return out;
    };
    if (file.problem) return without_file(*file.problem);

    std::optional<config::Model> base;
    if (kept.base) base = std::move(config::parse_stored(kept.base->config).model);
    const auto unchanged = [&] {
        auto out = resumed(state, kept);
        out.new_base = !kept.base || kept.base->hash != file.hash || kept.base->config != render_text(*file.model);
        return out;
    };
    // Without a base, or with one that no version reads any more, nothing is known to have changed.
    if (!base) return unchanged();
    if (same_but_for_the_folder(*base, *file.model)) return unchanged();
    if (kept.pending)
        return without_file(
            problems::conflict("a change waits for confirmation; confirm it or undo it, and have the file read again; "
                               "nothing was changed"));
    if (kept.refused == file.hash)
        return without_file(
            problems::conflict("the file was refused before, and a start has no guard: apply it with force, or change "
                               "it; nothing was changed"));
    auto merged = config::merge(*base, *file.model, state, {false, kept.held_by});
    if (!merged.model) return without_file(problems::file_conflict(std::move(merged.conflicts)));
    config::keep_candidates(state, *merged.model);
    if (auto errors = config::validate(*merged.model, config::Taken::in(state)); !errors.empty())
        return without_file(problems::invalid(std::move(errors), "file with what was changed at run time"));
    if (same_but_for_the_folder(in_store, *merged.model)) return unchanged();
    return from(std::move(*merged.model), kept, "file");
}

}  // namespace switchyard::control
