#include "control/ui/report_script.h"

#include <algorithm>
#include <stdexcept>

#include "control/base/digest.h"
#include "control/ui/page_file.h"

namespace switchyard::control {
namespace {

std::string_view text_of(std::string_view module) {
    const auto file = page_file(module);
    if (!file) throw std::logic_error("the dashboard has no " + std::string(module));
    return file->text;
}

// "export const name = …" → name
std::string_view name_after(std::string_view declaration) {
    const auto from = declaration.find(' ') + 1;
    return declaration.substr(from, declaration.find_first_of(" (=;", from) - from);
}

// import { a, b } from "./x.js"; → const { a, b } = of["x.js"];
std::string import_line(std::string_view line) {
    const auto names = line.substr(0, line.find(" from "));
    const auto from = line.find("\"./") + 3;
    return "const" + std::string(names.substr(names.find(" {"))) + " = of[\"" +
           std::string(line.substr(from, line.find('"', from) - from)) + "\"];\n";
}

std::string closed(std::string_view module) {
    constexpr std::string_view kImport = "import ", kExport = "export ", kAsync = "async ";
    std::string out = "of[\"" + std::string(module) + "\"] = (() => {\n", names;
    auto text = text_of(module);
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size() - 1);
        auto line = text.substr(0, end + 1);
        text.remove_prefix(end + 1);
        if (line.starts_with(kImport)) {
            out += import_line(line);
            continue;
        }
        if (line.starts_with(kExport)) {
            line.remove_prefix(kExport.size());
            const auto declared = line.starts_with(kAsync) ? line.substr(kAsync.size()) : line;
            names += (names.empty() ? "" : ", ") + std::string(name_after(declared));
        }
        out += line;
    }
    return out + "return { " + names + " };\n})();\n";
}

}  // namespace

std::string bundled(std::initializer_list<std::string_view> modules) {
    std::string out = "\"use strict\";\n(() => {\nconst of = {};\n";
    for (const auto module : modules) out += closed(module);
    return out + "})();\n";
}

const std::string& report_script() {
    static const std::string kScript =
        bundled({"element.js", "arms.js", "words.js", "chart.js", "rollout_pictures.js", "report.js"});
    return kScript;
}

std::string_view report_style() {
    return text_of("dashboard.css");
}

const std::string& report_policy() {
    static const std::string kPolicy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-" +
                                       sha256_base64(report_script()) + "'; base-uri 'none'; form-action 'none'";
    return kPolicy;
}

}  // namespace switchyard::control
