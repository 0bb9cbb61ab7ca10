-- The ledger: what money has moved, in transfers that nobody can change, and blocks that show if somebody did. Why: the
-- payment's row says how things stand, and is rewritten; books must say how they came to, and balance. Locks payments
-- against everybody while it reads them once, and opens the books with how they stand: stop the payment service first,
-- for a release without a ledger would go on and post nothing.

-- What the amounts must be for the one word that people read.
alter table payments add constraint payments_status_fits_amounts check (
  case when status in ('authorised', 'capturing', 'voiding') then captured_minor = 0
       when status = 'captured' then refunded_minor = 0
       when status = 'partially_refunded' then refunded_minor > 0 and refunded_minor < captured_minor
       when status = 'refunded' then refunded_minor > 0 and refunded_minor = captured_minor
       else authorised_minor = 0 end);

create table ledger_transfers (
  -- The group: an order's transfers, numbered from 1 without a gap.
  order_id uuid not null,
  number int not null,
  kind text not null,
  debit_account text not null,
  credit_account text not null,
  amount_minor bigint not null constraint ledger_transfers_amount_is_positive check (amount_minor > 0),
  currency text not null,
  -- What it comes from: the payment intent of a capture, the refund, else the id of the message, call or request.
  cause text not null,
  at timestamptz not null,
  -- What the sealer compares with a snapshot: which rows can no longer appear.
  xid xid8 not null,
  -- Over the one before it of its order, and what stands in this row.
  hash bytea not null,
  constraint ledger_transfers_pkey primary key (order_id, number),
  -- A second posting of the same thing fails, and with it whatever believed that it had happened again.
  constraint ledger_transfers_posted_once unique (order_id, kind, cause),
  -- One amount, one account it leaves and one it goes to: a transfer balances by its form.
  constraint ledger_transfers_kind_fits_accounts check (
    (kind, debit_account, credit_account) in (
      ('hold_placed', 'held', 'authorised'),
      ('hold_released', 'authorised', 'held'),
      ('hold_captured', 'authorised', 'held'),
      ('capture', 'gateway_clearing', 'merchant_payable'),
      ('capture_raised', 'gateway_clearing', 'merchant_payable'),
      ('capture_lowered', 'merchant_payable', 'gateway_clearing'),
      ('refund', 'refunds', 'gateway_clearing'),
      ('refund_reversed', 'gateway_clearing', 'refunds')))
);

comment on table ledger_transfers is 'Double entry, one row per transfer. Insert-only; chained per order by hash, sealed by ledger_blocks.';

create unique index ledger_transfers_one_capture on ledger_transfers (order_id) where kind = 'capture';
create index ledger_transfers_xid_idx on ledger_transfers (xid);

alter table ledger_transfers alter column cause set statistics 0, alter column hash set statistics 0;

create table ledger_blocks (
  height bigint not null constraint ledger_blocks_pkey primary key
    constraint ledger_blocks_height_counts check (height > 0),
  -- Of its transfers: all with an xid above the last block's and not above this one.
  last_xid xid8 not null constraint ledger_blocks_last_xid_key unique,
  transfers bigint not null constraint ledger_blocks_is_not_empty check (transfers > 0),
  -- Over the hashes of its transfers, by order and number.
  digest bytea not null,
  -- Debits and credits of every account and currency, of this block and all before it.
  totals jsonb not null,
  sealed_at timestamptz not null,
  -- Over the block before it and what stands in this row.
  hash bytea not null
);

comment on table ledger_blocks is 'Seals: a chain over all transfers, some block each second in which any was posted. Insert-only.';

alter table ledger_blocks alter column totals set statistics 0;

-- Number, time, transaction and hash are nobody's to choose. The payment's row is locked by whoever posts, so the last
-- transfer of its order stays the last; were it not, the second of two would violate the primary key.
do $create$
begin
  execute format($function$
    create function ledger_chain() returns trigger
    language plpgsql
    as $body$
    declare
      last_number int;
      last_hash bytea;
    begin
      select number, hash into last_number, last_hash
      from %1$I.ledger_transfers where order_id = new.order_id order by number desc limit 1;
      new.number := coalesce(last_number, 0) + 1;
      new.at := clock_timestamp();
      new.xid := pg_current_xact_id();
      new.hash := sha256(
        coalesce(last_hash, '') || uuid_send(new.order_id) || int4send(new.number) || timestamptz_send(new.at)
        || int8send(new.amount_minor)
        -- The cause comes last, for only its text may hold the separator.
        || convert_to(concat_ws('|', new.kind, new.debit_account, new.credit_account, new.currency, new.cause), 'UTF8'));
      return new;
    end
    $body$
  $function$, current_schema());
end
$create$;

create trigger ledger_transfers_chain before insert on ledger_transfers
  for each row execute function ledger_chain();

do $$
begin
  execute format('revoke update on ledger_transfers, ledger_blocks from %I', current_schema());
end
$$;

-- Payments from before there was a ledger.
insert into ledger_transfers (order_id, kind, debit_account, credit_account, amount_minor, currency, cause)
select id, kind, debit_account, credit_account, opening.amount_minor, currency, cause
from payments
cross join lateral (
  select 1 as step, 'hold_placed' as kind, 'held' as debit_account, 'authorised' as credit_account,
         authorised_minor as amount_minor, 'opening' as cause
  union all
  select 2, 'hold_captured', 'authorised', 'held', authorised_minor, 'opening'
  where state #>> '{position,at}' = 'taken'
  union all
  select 3, 'capture', 'gateway_clearing', 'merchant_payable', captured_minor, state #>> '{position,paymentId}'
  union all
  select 4, 'refund', 'refunds', 'gateway_clearing', refund."amountMinor", refund."refundId"
  from jsonb_to_recordset(state -> 'refunds') as refund ("refundId" text, "amountMinor" bigint, status text)
  where refund.status = 'succeeded'
) as opening
where opening.amount_minor > 0
order by id, step;
