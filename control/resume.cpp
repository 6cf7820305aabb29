#include "control/resume.h"

#include <fmt/format.h>

#include "config/parse.h"

namespace switchyard::control {

Result<Beginning> beginning(config::Model file, const std::string& file_hash, const std::optional<Generation>& newest,
                            const std::optional<std::string>& stored_hash, bool from_file, std::uint64_t next) {
    if (!newest) return Beginning{std::move(file), next, true, "start"};
    if (from_file || stored_hash != file_hash) return Beginning{std::move(file), next, true, "file"};
    auto parsed = config::parse_stored(newest->config);
    if (!parsed.model) {
        std::string detail = parsed.errors.empty() ? "" : parsed.errors[0].pointer + ": " + parsed.errors[0].detail;
        return problems::internal(
            fmt::format("generation {} of the state file does not fit this version ({}); "
                        "start with --from-file to begin from the configuration file",
                        newest->number, detail));
    }
    // The process part is the file's in any case: it is what this process was started with.
    parsed.model->process = file.process;
    const bool renumbered = next > newest->number + 1;
    return Beginning{std::move(*parsed.model), renumbered ? next : newest->number, renumbered, "resume"};
}

}  // namespace switchyard::control
