// Imports text as if it were a file: for tests that need no file of their own.
#pragma once

#include <filesystem>
#include <string>

#include "config/nginx_import/import.h"

// A folder of its own for each object, gone with it.
class ConfFolder {
  public:
    ConfFolder();
    ~ConfFolder();
    ConfFolder(const ConfFolder&) = delete;
    ConfFolder& operator=(const ConfFolder&) = delete;

    std::filesystem::path write(const std::string& name, const std::string& text) const;
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

// The text as nginx.conf.
switchyard::config::NginxImport import_text(const std::string& text);
// The text inside `http { … }`, on its second line.
switchyard::config::NginxImport import_http(const std::string& text);
// The canonical JSON of the routes, or of one upstream, without spaces.
std::string routes_of(const switchyard::config::NginxImport& imported);
std::string upstream_of(const switchyard::config::NginxImport& imported, const std::string& name);
// "line kind: what" of each note whose kind is not unneeded.
std::string notes_of(const switchyard::config::NginxImport& imported);
