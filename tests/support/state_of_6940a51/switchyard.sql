-- A state file as version 0.1.0 (6940a51) wrote it: four releases, a file that was read again, and a rollout that runs.
-- Addresses and folders are placeholders.
PRAGMA user_version = 2;
BEGIN TRANSACTION;
CREATE TABLE audit (
    number        INTEGER PRIMARY KEY,
    at            TEXT NOT NULL,
    who           TEXT NOT NULL,
    origin        TEXT NOT NULL,
    verb          TEXT NOT NULL,
    reason        TEXT NOT NULL,
    generation    INTEGER NOT NULL,
    changes       TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    hash          TEXT NOT NULL
);
INSERT INTO "audit" VALUES(1,'2026-11-29T20:31:46.943499Z','file','/tmp/switchyard-of-6940a51/switchyard.json','start','',1,'["the configuration of /tmp/switchyard-of-6940a51/switchyard.json"]','switchyard','c607addaa5ffe5d2aba68a468ec779608ed683a1aaaaf38da5db1ece85983ffa');
INSERT INTO "audit" VALUES(2,'2026-11-29T20:31:47.006667Z','local-admin','127.0.0.1','switch','release 1',2,'["route shop: split blue 1 → 0, green 0 → 1"]','c607addaa5ffe5d2aba68a468ec779608ed683a1aaaaf38da5db1ece85983ffa','90450a420e9f964822ff0cc3395dcf96e956589072dbf708d16668f6bf2344b2');
INSERT INTO "audit" VALUES(3,'2026-11-29T20:31:47.007700Z','local-admin','127.0.0.1','switch','release 2',3,'["route shop: split blue 0 → 1, green 1 → 0"]','90450a420e9f964822ff0cc3395dcf96e956589072dbf708d16668f6bf2344b2','4998fa8adb1ee9cb6ac07698c586368476301de199e51aae9cd9ec7736664de0');
INSERT INTO "audit" VALUES(4,'2026-11-29T20:31:47.008591Z','local-admin','127.0.0.1','switch','release 3',4,'["route shop: split blue 1 → 0, green 0 → 1"]','4998fa8adb1ee9cb6ac07698c586368476301de199e51aae9cd9ec7736664de0','5f5d320428e70955ed178fce15a13bb11059365b5c78211b54e9dbead4273b2a');
INSERT INTO "audit" VALUES(5,'2026-11-29T20:31:47.010149Z','file','/tmp/switchyard-of-6940a51/switchyard.json','file','SIGHUP',5,'["route app: debug_headers true → false"]','5f5d320428e70955ed178fce15a13bb11059365b5c78211b54e9dbead4273b2a','b1cfdbea8fd3a9ae646bef1fbd461cccb57a90cab8c92f83e9877d087c7e973e');
INSERT INTO "audit" VALUES(6,'2026-11-29T20:31:47.011342Z','local-admin','127.0.0.1','switch','release 4',6,'["route shop: split blue 0 → 1, green 1 → 0"]','b1cfdbea8fd3a9ae646bef1fbd461cccb57a90cab8c92f83e9877d087c7e973e','15a034a19c63b52df1bfacbc09202a07b5aebdf2aff26af1c4bc3399aeaa3361');
INSERT INTO "audit" VALUES(7,'2026-11-29T20:31:47.013496Z','rollout r1','','rollout','started',7,'["route app: split blue 100 → 19, green 0 → 1"]','15a034a19c63b52df1bfacbc09202a07b5aebdf2aff26af1c4bc3399aeaa3361','fe5918212781f0e9e725e3be45be158030e365ff5c4d8a2daec876abae0c0b95');
INSERT INTO "audit" VALUES(8,'2026-11-29T20:31:47.024573Z','local-admin','127.0.0.1','rollout-start','',7,'["rollout r1: start"]','fe5918212781f0e9e725e3be45be158030e365ff5c4d8a2daec876abae0c0b95','5195ec04d176b542772a0f0a28ed365fe06cd6e8cc3f0eb9f08087b9348b805a');
CREATE TABLE generations (
    number  INTEGER PRIMARY KEY,
    parent  INTEGER NOT NULL,
    config  TEXT NOT NULL,
    at      TEXT NOT NULL,
    who     TEXT NOT NULL,
    origin  TEXT NOT NULL,
    verb    TEXT NOT NULL,
    reason  TEXT NOT NULL,
    changes TEXT NOT NULL
);
INSERT INTO "generations" VALUES(1,0,'{
  "process": {
    "workers": 2,
    "state_dir": "STATE",
    "admin": {
      "bind": "127.0.0.1:0"
    }
  },
  "listeners": [
    {
      "name": "web",
      "bind": "127.0.0.1:0"
    }
  ],
  "upstreams": {
    "blue": {
      "endpoints": [
        {
          "address": "127.0.0.1:1"
        }
      ]
    },
    "green": {
      "endpoints": [
        {
          "address": "127.0.0.1:2"
        }
      ]
    }
  },
  "routes": [
    {
      "name": "app",
      "split": {
        "blue": 100,
        "green": 0
      },
      "debug_headers": true
    },
    {
      "name": "shop",
      "match": {
        "path_prefix": "/shop"
      },
      "split": {
        "blue": 1,
        "green": 0
      }
    }
  ]
}
','2026-11-29T20:31:46.943499Z','file','/tmp/switchyard-of-6940a51/switchyard.json','start','','["the configuration of /tmp/switchyard-of-6940a51/switchyard.json"]');
INSERT INTO "generations" VALUES(2,1,'{
  "process": {
    "workers": 2,
    "state_dir": "STATE",
    "admin": {
      "bind": "127.0.0.1:0"
    }
  },
  "listeners": [
    {
      "name": "web",
      "bind": "127.0.0.1:0"
    }
  ],
  "upstreams": {
    "blue": {
      "endpoints": [
        {
          "address": "127.0.0.1:1"
        }
      ]
    },
    "green": {
      "endpoints": [
        {
          "address": "127.0.0.1:2"
        }
      ]
    }
  },
  "routes": [
    {
      "name": "app",
      "split": {
        "blue": 100,
        "green": 0
      },
      "debug_headers": true
    },
    {
      "name": "shop",
      "match": {
        "path_prefix": "/shop"
      },
      "split": {
        "blue": 0,
        "green": 1
      }
    }
  ]
}
','2026-11-29T20:31:47.006667Z','local-admin','127.0.0.1','switch','release 1','["route shop: split blue 1 → 0, green 0 → 1"]');
INSERT INTO "generations" VALUES(3,2,'{
  "process": {
    "workers": 2,
    "state_dir": "STATE",
    "admin": {
      "bind": "127.0.0.1:0"
    }
  },
  "listeners": [
    {
      "name": "web",
      "bind": "127.0.0.1:0"
    }
  ],
  "upstreams": {
    "blue": {
      "endpoints": [
        {
          "address": "127.0.0.1:1"
        }
      ]
    },
    "green": {
      "endpoints": [
        {
          "address": "127.0.0.1:2"
        }
      ]
    }
  },
  "routes": [
    {
      "name": "app",
      "split": {
        "blue": 100,
        "green": 0
      },
      "debug_headers": true
    },
    {
      "name": "shop",
      "match": {
        "path_prefix": "/shop"
      },
      "split": {
        "blue": 1,
        "green": 0
      }
    }
  ]
}
','2026-11-29T20:31:47.007700Z','local-admin','127.0.0.1','switch','release 2','["route shop: split blue 0 → 1, green 1 → 0"]');
INSERT INTO "generations" VALUES(4,3,'{
  "process": {
    "workers": 2,
    "state_dir": "STATE",
    "admin": {
      "bind": "127.0.0.1:0"
    }
  },
  "listeners": [
    {
      "name": "web",
      "bind": "127.0.0.1:0"
    }
  ],
  "upstreams": {
    "blue": {
      "endpoints": [
        {
          "address": "127.0.0.1:1"
        }
      ]
    },
    "green": {
      "endpoints": [
        {
          "address": "127.0.0.1:2"
        }
      ]
    }
  },
  "routes": [
    {
      "name": "app",
      "split": {
        "blue": 100,
        "green": 0
      },
      "debug_headers": true
    },
    {
      "name": "shop",
      "match": {
        "path_prefix": "/shop"
      },
      "split": {
        "blue": 0,
        "green": 1
      }
    }
  ]
}
','2026-11-29T20:31:47.008591Z','local-admin','127.0.0.1','switch','release 3','["route shop: split blue 1 → 0, green 0 → 1"]');
INSERT INTO "generations" VALUES(5,4,'{
  "process": {
    "workers": 2,
    "state_dir": "STATE",
    "admin": {
      "bind": "127.0.0.1:0"
    }
  },
  "listeners": [
    {
      "name": "web",
      "bind": "127.0.0.1:0"
    }
  ],
  "upstreams": {
    "blue": {
      "endpoints": [
        {
          "address": "127.0.0.1:1"
        }
      ]
    },
    "green": {
      "endpoints": [
        {
          "address": "127.0.0.1:2"
        }
      ]
    }
  },
  "routes": [
    {
      "name": "app",
      "split": {
        "blue": 100,
        "green": 0
      }
    },
    {
      "name": "shop",
      "match": {
        "path_prefix": "/shop"
      },
      "split": {
        "blue": 0,
        "green": 1
      }
    }
  ]
}
','2026-11-29T20:31:47.010149Z','file','/tmp/switchyard-of-6940a51/switchyard.json','file','SIGHUP','["route app: debug_headers true → false"]');
INSERT INTO "generations" VALUES(6,5,'{
  "process": {
    "workers": 2,
    "state_dir": "STATE",
    "admin": {
      "bind": "127.0.0.1:0"
    }
  },
  "listeners": [
    {
      "name": "web",
      "bind": "127.0.0.1:0"
    }
  ],
  "upstreams": {
    "blue": {
      "endpoints": [
        {
          "address": "127.0.0.1:1"
        }
      ]
    },
    "green": {
      "endpoints": [
        {
          "address": "127.0.0.1:2"
        }
      ]
    }
  },
  "routes": [
    {
      "name": "app",
      "split": {
        "blue": 100,
        "green": 0
      }
    },
    {
      "name": "shop",
      "match": {
        "path_prefix": "/shop"
      },
      "split": {
        "blue": 1,
        "green": 0
      }
    }
  ]
}
','2026-11-29T20:31:47.011342Z','local-admin','127.0.0.1','switch','release 4','["route shop: split blue 0 → 1, green 1 → 0"]');
INSERT INTO "generations" VALUES(7,6,'{
  "process": {
    "workers": 2,
    "state_dir": "STATE",
    "admin": {
      "bind": "127.0.0.1:0"
    }
  },
  "listeners": [
    {
      "name": "web",
      "bind": "127.0.0.1:0"
    }
  ],
  "upstreams": {
    "blue": {
      "endpoints": [
        {
          "address": "127.0.0.1:1"
        }
      ]
    },
    "green": {
      "endpoints": [
        {
          "address": "127.0.0.1:2"
        }
      ]
    }
  },
  "routes": [
    {
      "name": "app",
      "split": {
        "blue": 19,
        "green": 1
      }
    },
    {
      "name": "shop",
      "match": {
        "path_prefix": "/shop"
      },
      "split": {
        "blue": 1,
        "green": 0
      }
    }
  ]
}
','2026-11-29T20:31:47.013496Z','rollout r1','','rollout','started','["route app: split blue 100 → 19, green 0 → 1"]');
CREATE TABLE idempotency (
    id          INTEGER PRIMARY KEY,
    who         TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    generation  INTEGER NOT NULL,
    UNIQUE (who, key)
);
CREATE TABLE journals (id TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "journals" VALUES('r1','{"kind":"started","at":"2026-11-29T20:31:47.013034Z","step":0,"weight_ppm":0,"by":"local-admin","why":"","detail":{"route":"app","from":"blue","to":"green","steps":[{"weight":5,"bake":"1h"},{"weight":50,"bake":"1h"},{"weight":100,"bake":"1h"}],"analysis":{"false_alarm":0.001,"errors":{"tolerate":1.5},"latency":{"p50":1.2,"p90":1.5,"p99":2.0},"slo":{},"max_extra_failures":0,"checks":[],"webhooks":[],"inconclusive":"pause","patience":"10m","warm_up":"10s"},"return_over":"0s"}}
{"kind":"step","at":"2026-11-29T20:31:47.013036Z","step":0,"weight_ppm":50000,"by":"local-admin","why":"started"}
');
INSERT INTO "journals" VALUES('r1#evidence','{"version":2,"sticky":false,"tests":{"errors":{"sticky":false,"main":{"clock":{"kept":0.5,"part":0.25,"elapsed":0.0,"placed":0},"stakes":[0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5],"evidence":1.0},"raw":{"clock":{"kept":0.5,"part":0.25,"elapsed":0.0,"placed":0},"stakes":[0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5],"evidence":1.0},"extra":0.0,"canary":{"attempts":0,"failures":0,"over_limit":0,"slow":[0,0,0]},"baseline":{"attempts":0,"failures":0,"over_limit":0,"slow":[0,0,0]},"canary_first":0,"baseline_first":0,"cap":{"test":{"clock":{"kept":0.6,"part":0.4,"elapsed":0.0,"placed":0},"stakes":[0.4,0.4,0.4,0.4,0.4,0.4,0.4,0.4,0.4,0.4,0.4,0.4,0.4,0.4,0.4,0.4],"evidence":1.0},"sum":0.0,"least":0.0,"growth":0.0},"canary_counted":0,"baseline_counted":0},"latency":{"p50":{"guarded":{"clock":{"kept":0.5,"part":0.25,"elapsed":0.0,"placed":0},"stakes":[0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5],"evidence":1.0},"shift":{"clock":{"kept":0.5,"part":0.25,"elapsed":0.0,"placed":0},"stakes":[0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5],"evidence":1.0},"canary_weight":0.0,"baseline_weight":0.0,"canary_marks":0,"baseline_marks":0},"p90":{"guarded":{"clock":{"kept":0.5,"part":0.25,"elapsed":0.0,"placed":0},"stakes":[0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5],"evidence":1.0},"shift":{"clock":{"kept":0.5,"part":0.25,"elapsed":0.0,"placed":0},"stakes":[0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5],"evidence":1.0},"canary_weight":0.0,"baseline_weight":0.0,"canary_marks":0,"baseline_marks":0},"p99":{"guarded":{"clock":{"kept":0.5,"part":0.25,"elapsed":0.0,"placed":0},"stakes":[0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5],"evidence":1.0},"shift":{"clock":{"kept":0.5,"part":0.25,"elapsed":0.0,"placed":0},"stakes":[0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5],"evidence":1.0},"canary_weight":0.0,"baseline_weight":0.0,"canary_marks":0,"baseline_marks":0}},"slo":{"limit":0.01,"alone":false,"baseline":{"attempts":0,"failures":0,"over_limit":0,"slow":[0,0,0]},"while_alone":{"attempts":0,"failures":0,"over_limit":0,"slow":[0,0,0]}},"canary":{"attempts":0,"failures":0,"over_limit":0,"slow":[0,0,0]},"baseline":{"attempts":0,"failures":0,"over_limit":0,"slow":[0,0,0]}},"counted":{"frozen":null,"canary_latency":[],"baseline_latency":[],"failed":{"buckets":""},"slow_p50":{"buckets":""},"slow_p90":{"buckets":""},"slow_p99":{"buckets":""},"steady":null},"endpoints":{}}');
INSERT INTO "journals" VALUES('r1#timeline','{"interval":1.0,"arms":"attempts, failures, p50_us, p90_us, p99_us","tests":[],"samples":[]}');
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('audit_count','8');
INSERT INTO "meta" VALUES('audit_head','5195ec04d176b542772a0f0a28ed365fe06cd6e8cc3f0eb9f08087b9348b805a');
INSERT INTO "meta" VALUES('file_hash','hash of the file');
CREATE TABLE pending (
    generation  INTEGER PRIMARY KEY,
    restore     INTEGER NOT NULL,
    deadline_ms INTEGER NOT NULL
);
CREATE TABLE replies (
    id          INTEGER PRIMARY KEY,
    who         TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status      INTEGER NOT NULL,
    location    TEXT NOT NULL,
    body        TEXT NOT NULL,
    UNIQUE (who, key)
);
COMMIT;
