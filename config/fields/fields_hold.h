// Keys of `respond` and `hold`, of routes. See field.h.
#pragma once

#include "config/fields/field.h"
#include "config/model/hold.h"

namespace switchyard::config {

template <class Visitor>
void describe(Visitor& field, Type<Respond>) {
    field("status", &Respond::status, {.doc = "Status of the answer.", .required = true, .min = 200, .max = 599});
    field("body", &Respond::body, {.doc = "Body of the answer."});
    field("content_type", &Respond::content_type, {.doc = "Its Content-Type."});
}

template <class Visitor>
void describe(Visitor& field, Type<Hold>) {
    field("until", &Hold::until,
          {.doc = "When it ends by itself, such as 2026-11-20T12:00:00Z; `switchyard hold` writes it.",
           .required = true});
    field("limit", &Hold::limit,
          {.doc = "Requests that wait, over all workers; beyond them 503.", .min = 1, .max = kMostHeld});
    field("respond", &Hold::respond, {.doc = "Answer them with this instead of keeping them waiting."});
}

}  // namespace switchyard::config
