// A directory of its own for one test case, gone afterwards.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

struct ScratchDir {
    std::string path;
    ScratchDir() {
        std::string name = std::filesystem::temp_directory_path() / "switchyard-test-XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no scratch directory could be made");
        path = name;
    }
    ~ScratchDir() {
        std::error_code ignored;  // nothing depends on it
        std::filesystem::remove_all(path, ignored);
    }
    ScratchDir(const ScratchDir&) = delete;
    ScratchDir& operator=(const ScratchDir&) = delete;
    std::string operator/(const char* name) const { return path + "/" + name; }
};
