#include "tests/unit/config/nginx_import/import_fixture.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "config/fields/render.h"

using switchyard::config::NginxImport;
using switchyard::config::Note;

ConfFolder::ConfFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "nginx-import-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
}

ConfFolder::~ConfFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path ConfFolder::write(const std::string& name, const std::string& text) const {
    const auto file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return file;
}

NginxImport import_text(const std::string& text) {
    const ConfFolder folder;
    return switchyard::config::import_nginx(folder.write("nginx.conf", text));
}

NginxImport import_http(const std::string& text) {
    auto imported = import_text("http {\n" + text + "\n}\n");
    if (imported.fault)
        FAIL_CHECK(imported.fault->line << ": " << imported.fault->what << " – " << imported.fault->advice);
    return imported;
}

std::string routes_of(const NginxImport& imported) {
    const auto json = switchyard::config::render(imported.model);
    return json.contains("routes") ? json["routes"].dump() : "";
}

std::string upstream_of(const NginxImport& imported, const std::string& name) {
    return switchyard::config::render(imported.model)["upstreams"][name].dump();
}

std::string notes_of(const NginxImport& imported) {
    std::string out;
    for (const Note& note : imported.notes)
        if (note.kind != Note::Kind::unneeded)
            out += std::to_string(note.line) + (note.kind == Note::Kind::lost ? " lost: " : " changed: ") + note.what +
                   "\n";
    return out;
}
