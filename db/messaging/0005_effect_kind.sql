-- Effects are leased by kind. Why: each kind has places of its own, and who looks for one must not read through all that
-- wait of another. Locks effect while the index is built: its rows are the outstanding calls, and few.

create index effect_kind_next_attempt_at_idx on effect (kind, next_attempt_at);
drop index effect_next_attempt_at_idx;
