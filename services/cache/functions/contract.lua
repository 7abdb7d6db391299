-- The contract as the functions read it. Written by `python -m infra.settings cache-lua` from infra/catalog; do not edit.
local CONTRACT = {
  name = 'triptrip',
  entry_prefix = 'cache:api:',
  tag_prefix = 'cache:tags:',
  stale_key_prefix = 'cache:stale:key:',
  stale_tag_prefix = 'cache:stale:tag:',
  stale_pattern = 'cache:stale:pattern',
  online_prefix = 'counter:online:users:',
  tombstone_ms = 900000,
  tag_margin_ms = 3600000,
  clock_skew_us = 100000,
  step = 500,
  patterns = 256,
  pruned_at_once = 8,
  fence_ms = 34560000000,
  views_ms = 7776000000,
  online_ms = 7200000,
  session_fields = 64,
  leaderboard_members = 100000,
}
local FUNCTIONS = {
  {
    name = 'version', keys = 0, more_keys = false, flags = {'no-writes'},
    arguments = {},
  },
  {
    name = 'session_write', keys = 1, more_keys = false, flags = {},
    arguments = {
      {name = 'lifetime_ms', form = 'whole', least = 1, most = 86400000},
      {name = 'create', form = 'whole', least = 0, most = 1},
      {name = 'fields', form = 'text', least = 0, most = 4096, many = true},
    },
  },
  {
    name = 'session_touch', keys = 1, more_keys = false, flags = {},
    arguments = {
      {name = 'lifetime_ms', form = 'whole', least = 1, most = 86400000},
    },
  },
  {
    name = 'rate_limit', keys = 1, more_keys = false, flags = {},
    arguments = {
      {name = 'limit', form = 'whole', least = 1, most = 10000},
      {name = 'window_ms', form = 'whole', least = 1, most = 60000},
    },
  },
  {
    name = 'lock_acquire', keys = 2, more_keys = false, flags = {},
    arguments = {
      {name = 'token', form = 'text', least = 16, most = 128},
      {name = 'lifetime_ms', form = 'whole', least = 1, most = 30000},
    },
  },
  {
    name = 'lock_renew', keys = 1, more_keys = false, flags = {},
    arguments = {
      {name = 'token', form = 'text', least = 16, most = 128},
      {name = 'lifetime_ms', form = 'whole', least = 1, most = 30000},
    },
  },
  {
    name = 'lock_release', keys = 1, more_keys = false, flags = {'allow-oom'},
    arguments = {
      {name = 'token', form = 'text', least = 16, most = 128},
    },
  },
  {
    name = 'count_view', keys = 1, more_keys = false, flags = {},
    arguments = {
      {name = 'viewer', form = 'text', least = 1, most = 256},
    },
  },
  {
    name = 'online_seen', keys = 0, more_keys = false, flags = {},
    arguments = {
      {name = 'user', form = 'text', least = 1, most = 256},
    },
  },
  {
    name = 'online_count', keys = 0, more_keys = false, flags = {},
    arguments = {
      {name = 'minutes', form = 'whole', least = 1, most = 60},
    },
  },
  {
    name = 'leaderboard_add', keys = 1, more_keys = false, flags = {},
    arguments = {
      {name = 'member', form = 'text', least = 1, most = 256},
      {name = 'score', form = 'number'},
      {name = 'lifetime_ms', form = 'whole', least = 1, most = 34560000000},
    },
  },
  {
    name = 'leaderboard_top', keys = 1, more_keys = false, flags = {'no-writes'},
    arguments = {
      {name = 'count', form = 'whole', least = 1, most = 1000},
    },
  },
  {
    name = 'cache_put', keys = 1, more_keys = false, flags = {},
    arguments = {
      {name = 'value', form = 'text', least = 0, most = 1048576},
      {name = 'lifetime_ms', form = 'whole', least = 1, most = 3600000},
      {name = 'as_of', form = 'whole', least = 0, most = 9007199254740991},
      {name = 'tags', form = 'text', least = 1, most = 256, many = true},
    },
  },
  {
    name = 'cache_get', keys = 1, more_keys = false, flags = {'no-writes'},
    arguments = {},
  },
  {
    name = 'invalidate_keys', keys = 1, more_keys = true, flags = {'allow-oom'},
    arguments = {
      {name = 'moment', form = 'whole', least = 0, most = 9007199254740991},
    },
  },
  {
    name = 'invalidate_tag', keys = 0, more_keys = false, flags = {'allow-oom'},
    arguments = {
      {name = 'tag', form = 'text', least = 1, most = 256},
      {name = 'moment', form = 'whole', least = 0, most = 9007199254740991},
      {name = 'limit', form = 'whole', least = 1, most = 1000},
    },
  },
  {
    name = 'invalidate_pattern_step', keys = 0, more_keys = false, flags = {'allow-oom'},
    arguments = {
      {name = 'cursor', form = 'text', least = 1, most = 20},
      {name = 'pattern', form = 'text', least = 1, most = 512},
      {name = 'moment', form = 'whole', least = 0, most = 9007199254740991},
      {name = 'limit', form = 'whole', least = 1, most = 1000},
    },
  },
}
