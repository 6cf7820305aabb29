// Collects notes; the same place and words only once, however many locations lead there.
//
// Threads: one collector, one thread.
#pragma once

#include <string>
#include <vector>

#include "config/nginx_import/note.h"
#include "config/nginx_import/tree.h"

namespace switchyard::config::nginx {

class Notes {
  public:
    void lost(const Directive& where, std::string advice) { add(where, std::move(advice), Note::Kind::lost); }
    void changed(const Directive& where, std::string advice) { add(where, std::move(advice), Note::Kind::changed); }
    void unneeded(const Directive& where, std::string advice) { add(where, std::move(advice), Note::Kind::unneeded); }
    void add(Note note);
    std::vector<Note> take() { return std::move(notes_); }

  private:
    void add(const Directive& where, std::string advice, Note::Kind kind) {
        add({where.file, where.line, where.written(), std::move(advice), kind});
    }

    std::vector<Note> notes_;
};

}  // namespace switchyard::config::nginx
