import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useState } from "react";
import { createQueries } from "~/kit/queries";
import { toSignIn } from "~/account/way";
import { createWays } from "./router";
import { theme } from "./theme";

interface Props {
  /** Without it the browser takes no style that is made here. */
  nonce: string;
}

export function App({ nonce }: Props) {
  const [router] = useState(createWays);
  const [queries] = useState(() => createQueries(() => toSignIn(router)));
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
