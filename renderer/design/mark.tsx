// The program's mark, as public/favicon.svg has it: drawn in the page, so that it is there when the broker is not.

export function Mark() {
  return (
    <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#4353c9" />
      <path d="M7 17h4.5l1.6 3h5.8l1.6-3H25v5a3 3 0 0 1-3 3H10a3 3 0 0 1-3-3z" fill="#fff" />
      <circle cx="16" cy="11" r="4" fill="none" stroke="#fff" strokeWidth="2.4" />
    </svg>
  );
}
