-- The table of somebody who takes nothing but the outbox. Why: it is as it would be without. Locks nothing that exists.

create table invoice (
  id uuid not null default uuidv7() constraint invoice_pkey primary key,
  customer text not null,
  amount_minor bigint not null constraint invoice_is_over_something check (amount_minor > 0),
  currency text not null
);

comment on table invoice is 'Invoices of billing.';
